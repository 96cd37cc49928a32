import { classes } from "./classes.ts";

/** The result of a run, derived from the word that its agent reported; `open` for unknown words. */
export function outcomeOf(status: string): "good" | "bad" | "open" {
  if (/^(success|succeeded|completed?|done|ok)$/i.test(status)) return "good";
  return /^(error|failed|failure|cancelled|timed_out)$/i.test(status) ? "bad" : "open";
}

const LOOKS = {
  good: "bg-success-soft text-success",
  bad: "bg-danger-soft text-danger",
  open: "bg-warning-soft text-warning",
} as const;

/** The word that an agent reported for its run, coloured by result. */
export function RunStatus({ status }: { readonly status: string }) {
  return (
    <span className={classes("rounded-full px-1.5 text-meta leading-4", LOOKS[outcomeOf(status)])}>
      {status}
    </span>
  );
}

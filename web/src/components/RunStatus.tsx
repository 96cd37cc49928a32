import { classes } from "./classes.ts";

/** The outcome of an agent's run, in the word the agent reported and a colour for those who skim. */
export function RunStatus({ status }: { readonly status: string }) {
  const good = /^(success|succeeded|completed?|done|ok)$/i.test(status);
  const bad = /^(error|failed|failure|cancelled|timed_out)$/i.test(status);
  return (
    <span
      className={classes(
        "rounded-full px-1.5 text-meta leading-4",
        good
          ? "bg-success-soft text-success"
          : bad
            ? "bg-danger-soft text-danger"
            : "bg-warning-soft text-warning",
      )}
    >
      {status}
    </span>
  );
}

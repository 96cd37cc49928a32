import { ago, fullTime, useNow } from "@/lib/time.ts";

/** How long ago something was, with the exact time as a tooltip. */
export function RelativeTime({ instant }: { readonly instant: string }) {
  const now = useNow();
  return (
    <time
      dateTime={instant}
      title={fullTime(instant)}
      className="tabular shrink-0 text-meta text-ink-faint"
    >
      {ago(instant, now)}
    </time>
  );
}

import type { Pause } from "@/lib/pauses.ts";
import type { SkipReason } from "@/lib/work.ts";

/** The number of withheld issues for each reason, the most frequent first. An issue counts for each of its reasons. */
export function countReasons(
  withheld: readonly { readonly skipReasons: readonly SkipReason[] }[],
): readonly { readonly reason: SkipReason; readonly issues: number }[] {
  const counts = new Map<SkipReason, number>();
  for (const { skipReasons } of withheld) {
    for (const reason of skipReasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, issues]) => ({ reason, issues }))
    .sort((a, b) => b.issues - a.issues);
}

type Explained = { readonly summary: string; readonly skipReasons: readonly SkipReason[] };

/** The end of the server's sentence about an issue that is withheld because of a pause. */
function endingOf({ scope, summary }: Pause): string {
  // Inside a sentence the first letter is lowercase, except in the name of a repository.
  const pause =
    scope === "REPOSITORY" ? summary : summary.charAt(0).toLowerCase() + summary.slice(1);
  return `is not served, because ${pause}.`;
}

/** The pause because of which an issue is withheld; undefined if there is none or it is not loaded. */
export const pauseOf = <Known extends Pause>(
  { summary, skipReasons }: Explained,
  pauses: readonly Known[],
): Known | undefined =>
  skipReasons.includes("PAUSED")
    ? pauses.find((pause) => summary.endsWith(endingOf(pause)))
    : undefined;

/** Why an issue is withheld. A pause that is shown elsewhere is shortened to one word. */
export function withoutPause(explained: Explained, pauses: readonly Pause[]): string {
  const { summary } = explained;
  const pause = pauseOf(explained, pauses);
  return pause ? `${summary.slice(0, -endingOf(pause).length)}is paused.` : summary;
}

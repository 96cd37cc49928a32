import type { Pause } from "@/lib/pauses.ts";
import type { SkipReason } from "@/lib/work.ts";

/** How many issues are withheld for each reason, the commonest first. An issue counts for each reason that it has. */
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

/** How the server ends what it says of an issue that is withheld because of a pause. */
function endingOf({ scope, summary }: Pause): string {
  // Inside a sentence only the name of a repository keeps its first letter.
  const pause =
    scope === "REPOSITORY" ? summary : summary.charAt(0).toLowerCase() + summary.slice(1);
  return `is not served, because ${pause}.`;
}

/** The pause because of which an issue is withheld; undefined when there is none, or it is not known here. */
export const pauseOf = <Known extends Pause>(
  { summary, skipReasons }: Explained,
  pauses: readonly Known[],
): Known | undefined =>
  skipReasons.includes("PAUSED")
    ? pauses.find((pause) => summary.endsWith(endingOf(pause)))
    : undefined;

/** Why an issue is withheld, with one word for a pause that is shown elsewhere. */
export function withoutPause(explained: Explained, pauses: readonly Pause[]): string {
  const { summary } = explained;
  const pause = pauseOf(explained, pauses);
  return pause ? `${summary.slice(0, -endingOf(pause).length)}is paused.` : summary;
}

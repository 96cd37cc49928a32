import type { Agent, Lease } from "../api/agents.ts";

/** Results of claims that did not succeed, in the order in which they are shown. */
const ENDINGS = {
  failed: "failed",
  expired: "expired",
  released: "released",
  taken: "taken back",
  refused: "never begun",
} as const;

type Ending = keyof typeof ENDINGS;

function endingOf({ endedAt, ending, outcome }: Lease): Ending | undefined {
  if (endedAt === null || (outcome !== null && outcome !== "FAILED")) return undefined;
  if (outcome === "FAILED") return "failed";
  switch (ending) {
    case "EXPIRED":
      return "expired";
    case "RELEASED":
      return "released";
    case "TAKEN":
      return "taken";
    case "REFUSED":
      return "refused";
    default:
      return undefined;
  }
}

/**
 * How the ended claims of an agent ended that did not succeed, such as `2 expired, 1 released`. The history of leases may
 * lack some of them; then only their number is known. Undefined if all claims succeeded.
 */
export function otherEndings({
  claimsEndedCount,
  claimsSucceededCount,
  leaseHistory,
}: Pick<Agent, "claimsEndedCount" | "claimsSucceededCount" | "leaseHistory">): string | undefined {
  const others = claimsEndedCount - claimsSucceededCount;
  if (others <= 0) return undefined;
  const counts = new Map<Ending, number>();
  for (const lease of leaseHistory) {
    const ending = endingOf(lease);
    if (ending) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const known = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (known !== others) return `${others.toLocaleString()} did not`;
  return (Object.keys(ENDINGS) as Ending[])
    .flatMap((ending) => {
      const count = counts.get(ending);
      return count === undefined ? [] : `${count} ${ENDINGS[ending]}`;
    })
    .join(", ");
}

/** The results of an agent's runs, such as `37 succeeded, 1 with another result`, without failed ones. */
export function runResults({
  runsCount,
  successesCount,
  failuresCount,
}: Pick<Agent, "runsCount" | "successesCount" | "failuresCount">): string | undefined {
  const others = runsCount - successesCount - failuresCount;
  const words = [
    successesCount > 0 && `${successesCount.toLocaleString()} succeeded`,
    others > 0 && `${others.toLocaleString()} with another result`,
  ].filter((each) => each !== false);
  return words.length === 0 ? undefined : words.join(", ");
}

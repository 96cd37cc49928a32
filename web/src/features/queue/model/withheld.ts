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

import type { Explained } from "../api/queue.ts";

/** An issue of the queue for a test. The number is that of its id; without a place it is withheld. */
export function explained(
  number: number,
  changes: Partial<Explained["issue"]> = {},
  more: Partial<Explained> = {},
): Explained {
  return {
    rank: null,
    skipReasons: [],
    summary: "The issue is not ready.",
    rankingReason: "no priority, ready",
    ...more,
    issue: {
      id: `iss_${number}`,
      number,
      title: `Issue ${number}`,
      status: "READY",
      priority: null,
      agents: [],
      lane: "default",
      backoff: null,
      repository: { fullName: "acme/rocket", name: "rocket", readOnlyReason: null },
      ...changes,
    },
  };
}

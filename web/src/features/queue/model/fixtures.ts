import type { Explained } from "../api/queue.ts";

/** An issue of the queue for a test. Its number is part of its id. Without a rank it is withheld. */
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

import type { Agent } from "../api/agents.ts";

/** An agent without a heartbeat for this long is quiet. It is half the default duration of a lease. */
const QUIET_AFTER_MS = 15 * 60_000;

/** Whether an agent holds a lease; if not, whether its last heartbeat is recent, old, or missing. */
export type Presence = "working" | "alive" | "quiet" | "unseen";

/** The presence of an agent at a time. */
export function presenceOf(
  { leases, lastSeenAt }: Pick<Agent, "leases" | "lastSeenAt">,
  now: number,
): Presence {
  if (leases.some(({ isHeld, expiresAt }) => isHeld && Date.parse(expiresAt) > now)) {
    return "working";
  }
  if (lastSeenAt === null) return "unseen";
  return now - Date.parse(lastSeenAt) < QUIET_AFTER_MS ? "alive" : "quiet";
}

const WORDS: Readonly<Record<Presence, string>> = {
  working: "at work",
  alive: "idle",
  quiet: "silent",
  unseen: "never seen",
};

const TITLES: Readonly<Record<Presence, string>> = {
  working: "It has a lease",
  alive: "It has no lease, and reported within the last 15 minutes",
  quiet: "It has no lease, and has not reported for 15 minutes",
  unseen: "It has never reported",
};

export const presenceWords = (presence: Presence): string => WORDS[presence];

/** The meaning of a presence, as a sentence. */
export const presenceTitle = (presence: Presence): string => TITLES[presence];

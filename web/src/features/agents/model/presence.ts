import type { Agent } from "../api/agents.ts";

/** An agent without a heartbeat for this long is quiet. Half an ordinary lease. */
const QUIET_AFTER_MS = 15 * 60_000;

/** The presence of an agent: it holds a lease, sent a heartbeat recently, some time ago, or never. */
export type Presence = "working" | "alive" | "quiet" | "unseen";

/** Derived from an agent's leases and its last heartbeat, by the browser's clock. */
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
  alive: "alive",
  quiet: "quiet",
  unseen: "never seen",
};

export const presenceWords = (presence: Presence): string => WORDS[presence];

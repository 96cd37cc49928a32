import { expect, it } from "vitest";
import { lease } from "./fixtures.ts";
import { presenceOf } from "./presence.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");

it("is at work while it has a lease, however old its heartbeat is", () => {
  const held = lease({ renewedAt: "2026-06-01T11:30:00.000Z" });
  expect(presenceOf({ leases: [held], lastSeenAt: held.renewedAt }, NOW)).toBe("working");
});

it("is not at work after its lease has expired", () => {
  const over = lease({ expiresAt: "2026-06-01T11:59:59.000Z" });
  expect(presenceOf({ leases: [over], lastSeenAt: "2026-06-01T11:30:00.000Z" }, NOW)).toBe("quiet");
});

it.each([
  ["2026-06-01T11:58:00.000Z", "alive"],
  ["2026-06-01T11:44:00.000Z", "quiet"],
  [null, "unseen"],
] as const)(
  "without a lease and with the last heartbeat at %s, it is %s",
  (lastSeenAt, presence) => {
    expect(presenceOf({ leases: [], lastSeenAt }, NOW)).toBe(presence);
  },
);

import { expect, it } from "vitest";
import { isOutdated, permissionFor } from "./missing.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");

it("returns the missing permission of a part", () => {
  const missing = [{ part: "PACKAGES", permission: "read:packages" }];
  expect(permissionFor(missing, "PACKAGES")).toBe("read:packages");
  expect(permissionFor(missing, "CHECKS")).toBeUndefined();
});

it.each([
  ["2026-06-01T11:30:00.000Z", "2026-06-01T11:30:00.000Z", false],
  ["2026-06-01T10:59:59.000Z", "2026-06-01T11:59:00.000Z", true],
  [null, "2026-06-01T11:59:00.000Z", true],
  [null, null, false],
])("synced at %s, attempted at %s", (lastSyncedAt, lastAttemptedAt, expected) => {
  expect(isOutdated({ lastSyncedAt, lastAttemptedAt }, NOW)).toBe(expected);
});

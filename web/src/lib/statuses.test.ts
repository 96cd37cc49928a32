import { expect, it } from "vitest";
import { STATUSES, statusColor, statusOfKey, statusWord } from "./statuses.ts";

it("each status has the number key of its position", () => {
  STATUSES.forEach((status, index) => expect(statusOfKey(String(index + 1))).toBe(status));
});

it.each(["0", "7", "", "12", "1.5", "-1", "٣", "Enter", "m"])(
  "the key %j selects no status",
  (key) => {
    expect(statusOfKey(key)).toBeUndefined();
  },
);

it("a status is spelled like its label and its colour", () => {
  expect(statusWord("IN_PROGRESS")).toBe("in-progress");
  expect(statusWord("READY")).toBe("ready");
  expect(statusColor("IN_REVIEW")).toBe("var(--in-review)");
  // Two statuses with the same word would be one column in addresses.
  expect(new Set(STATUSES.map(statusWord)).size).toBe(STATUSES.length);
});

import { expect, it } from "vitest";
import { DISPATCH_LABELS, OWN_LABELS } from "@/lib/fixtures.ts";
import { fieldsOf, inputOf, isSameScheme } from "./labelFields.ts";

const EMPTY = { fullName: "a/b", statuses: [], priorities: [] };

it("fills no field with Dispatch's own labels", () => {
  expect(fieldsOf(DISPATCH_LABELS)).toEqual({});
  expect(Object.keys(fieldsOf(OWN_LABELS)).length).toBeGreaterThan(0);
});

it("sends the current scheme unchanged", () => {
  expect(inputOf("a/b", fieldsOf(DISPATCH_LABELS))).toEqual(EMPTY);
  const input = inputOf("a/b", fieldsOf(OWN_LABELS));
  for (const { status, label } of input.statuses ?? []) {
    expect(OWN_LABELS.statuses).toContainEqual({ status, label });
  }
  expect(isSameScheme(fieldsOf(OWN_LABELS), fieldsOf(DISPATCH_LABELS))).toBe(false);
});

it.each(["", "   ", "status/ready", " STATUS/Ready "])(
  "a field with %j means Dispatch's own label",
  (text) => {
    expect(inputOf("a/b", { "status/ready": text })).toEqual(EMPTY);
  },
);

it("sends labels without surrounding spaces", () => {
  expect(inputOf("a/b", { "status/in-progress": " Doing ", "priority/p0": "urgent " })).toEqual({
    ...EMPTY,
    statuses: [{ status: "IN_PROGRESS", label: "Doing" }],
    priorities: [{ priority: "P0", label: "urgent" }],
  });
});

it("keeps a space at the end of the prefix for agents", () => {
  expect(inputOf("a/b", { "agent/": "bot: " }).agentPrefix).toBe("bot: ");
  expect(inputOf("a/b", { "agent/": "  " })).toEqual(EMPTY);
  expect(inputOf("a/b", { "agent/": "Agent/ " }), "it is Dispatch's own").toEqual(EMPTY);
});

it("does not send unknown fields", () => {
  expect(inputOf("a/b", { "status/nonsense": "x", toString: "y" })).toEqual(EMPTY);
});

it("treats two texts as equal if the server would store the same scheme", () => {
  expect(isSameScheme({ "status/done": " Closed" }, { "status/done": "Closed" })).toBe(true);
  expect(isSameScheme({ "status/done": "" }, {})).toBe(true);
  expect(isSameScheme({ "status/done": "Closed" }, { "status/done": "closed" })).toBe(false);
  expect(isSameScheme({ "agent/": "bot" }, { "agent/": "bot " })).toBe(false);
});

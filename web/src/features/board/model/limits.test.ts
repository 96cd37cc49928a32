import { expect, it } from "vitest";
import type { WorkLimits } from "@/lib/limits.ts";
import { gaugesOf, gaugeWords, isLimited, levelOf } from "./limits.ts";

const limits = (changes: Partial<WorkLimits> = {}): WorkLimits => ({
  waitingForHuman: { issues: 4, limit: null },
  lanes: [
    { lane: "default", issues: 3, limit: 20 },
    { lane: "frontier", issues: 2, limit: 2 },
    { lane: "backlog", issues: 0, limit: null },
  ],
  ...changes,
});

it("lists the fullest lane first, and leaves out lanes without a limit", () => {
  expect(gaugesOf(limits(), "IN_PROGRESS").map(({ name }) => name)).toEqual([
    "frontier",
    "default",
  ]);
});

it("has no lane name if only one lane is limited", () => {
  const [gauge] = gaugesOf(
    limits({ lanes: [{ lane: "default", issues: 1, limit: 2 }] }),
    "IN_PROGRESS",
  );
  expect(gauge).toEqual({ name: "held", issues: 1, limit: 2 });
});

it("counts issues that wait for a person in both of their columns, and in no other", () => {
  const waiting = limits({ waitingForHuman: { issues: 4, limit: 3 } });
  for (const status of ["IN_REVIEW", "BLOCKED"] as const) {
    expect(gaugesOf(waiting, status)).toEqual([{ name: "waiting", issues: 4, limit: 3 }]);
  }
  expect(gaugesOf(waiting, "READY")).toEqual([]);
  expect(gaugesOf(limits(), "BLOCKED"), "without a limit").toEqual([]);
});

it.each([
  [1, "under"],
  [2, "at"],
  [3, "over"],
] as const)("%d of 2 is %s", (issues, level) => {
  expect(levelOf({ name: "held", issues, limit: 2 })).toBe(level);
});

it("describes a full column", () => {
  expect(gaugeWords({ name: "frontier", issues: 2, limit: 2 }, "IN_PROGRESS")).toBe(
    "2 of 2 held by agents on frontier. No more is given out",
  );
});

it("detects a service without limits", () => {
  expect(isLimited(limits())).toBe(true);
  expect(isLimited(limits({ lanes: [] }))).toBe(false);
});

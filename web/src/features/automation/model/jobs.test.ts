import { expect, it } from "vitest";
import { RUNNING, WAITING } from "@/lib/automationFixtures.ts";
import { job } from "./fixtures.ts";
import { barsOf, rowsOf, spanOf } from "./jobs.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");
const summary = (...args: Parameters<typeof barsOf>) =>
  barsOf(...args).map(({ kind, words }) => [kind, words]);

it("has a bar for the waiting time and one for the running time", () => {
  expect(summary(job(), NOW)).toEqual([
    ["queued", "Waited 30s"],
    ["succeeded", "Succeeded · 2m 0s"],
  ]);
});

it("shows the step that failed", () => {
  expect(summary(job({ conclusion: "FAILURE", failedStep: "cargo test" }), NOW)[1]).toEqual([
    "failed",
    "Failed in “cargo test” · 2m 0s",
  ]);
});

it("ends at the current time while the job is not completed", () => {
  const waiting = job({ ...WAITING, startedAt: null, createdAt: "2026-06-01T11:59:00.000Z" });
  expect(summary(waiting, NOW)).toEqual([["queued", "Waiting 1m 0s"]]);
  const running = job({ ...RUNNING, startedAt: "2026-06-01T11:59:30.000Z" });
  expect(summary(running, NOW).at(-1)).toEqual(["running", "Running · 30s"]);
});

it("has no bar for a skipped job", () => {
  expect(barsOf(job({ conclusion: "SKIPPED" }), NOW)).toEqual([]);
});

it("sorts jobs by their beginning, and returns the span of all", () => {
  const late = job({
    id: "b",
    name: "deploy",
    createdAt: "2026-06-01T11:55:00.000Z",
    startedAt: "2026-06-01T11:55:10.000Z",
    completedAt: "2026-06-01T11:56:00.000Z",
  });
  const skipped = job({ id: "c", conclusion: "SKIPPED" });
  const rows = rowsOf([skipped, late, job()], NOW);
  expect(rows.map((row) => row.job.id)).toEqual(["job_1", "b", "c"]);
  expect(spanOf(rows)).toEqual({
    from: Date.parse("2026-06-01T11:50:00.000Z"),
    to: Date.parse("2026-06-01T11:56:00.000Z"),
  });
  expect(spanOf(rowsOf([skipped], NOW))).toBeUndefined();
});

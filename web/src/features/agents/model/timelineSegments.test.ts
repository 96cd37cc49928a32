import { expect, it } from "vitest";
import { agent, lease, run } from "./fixtures.ts";
import { lengthWords, timelineSegmentsOf } from "./timelineSegments.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");
const at = (time: string): number => Date.parse(`2026-06-01T${time}:00.000Z`);

it("draws a current lease until now, with its checkpoint", () => {
  const [segment] = timelineSegmentsOf(agent({ leaseHistory: [lease()] }), [], NOW);
  expect(segment).toMatchObject({
    kind: "held",
    from: at("11:00"),
    to: NOW,
    subject: "rocket #7 Fix it",
    words: "lease, changes made",
    issueId: "iss_1",
  });
});

it.each([
  [{ ending: "FINISHED", outcome: "PR_OPENED" }, "finished", "opened a pull request"],
  [{ ending: "FINISHED", outcome: "BLOCKED" }, "blocked", "blocked"],
  [{ ending: "FINISHED", outcome: "FAILED" }, "failed", "failed"],
  [{ ending: "RELEASED", outcome: null }, "returned", "released"],
  [{ ending: "EXPIRED", outcome: null }, "failed", "lease expired"],
] as const)("shows the result %o as %s", (ending, kind, words) => {
  const ended = lease({ ...ending, isHeld: false, endedAt: "2026-06-01T11:20:00.000Z" });
  const [segment] = timelineSegmentsOf(agent({ leaseHistory: [ended] }), [], NOW);
  expect(segment).toMatchObject({ kind, words, to: at("11:20") });
});

it("ends an expired lease at its expiry, although it is not cleaned up yet", () => {
  const over = lease({ isHeld: false, expiresAt: "2026-06-01T11:40:00.000Z" });
  const [segment] = timelineSegmentsOf(agent({ leaseHistory: [over] }), [], NOW);
  expect(segment).toMatchObject({ kind: "failed", to: at("11:40") });
});

it("adds the agent's own runs, oldest first, without heartbeats", () => {
  const runs = [
    run({ id: "run_3", runType: "heartbeat" }),
    run({ id: "run_2", agentName: "codex" }),
    run({ id: "run_1", status: "error" }),
  ];
  const segments = timelineSegmentsOf(agent({ leaseHistory: [lease()] }), runs, NOW);
  expect(segments.map(({ id, kind }) => [id, kind])).toEqual([
    ["run_1", "failed"],
    ["lea_1", "held"],
  ]);
});

it("shows work only once if it had a lease", () => {
  const ended = lease({ isHeld: false, endedAt: "2026-06-01T11:20:00.000Z", ending: "FINISHED" });
  const report = run({ startedAt: "2026-06-01T11:20:01.000Z", finishedAt: null });
  expect(timelineSegmentsOf(agent({ leaseHistory: [ended] }), [report], NOW)).toHaveLength(1);
});

it.each([
  [{ removedAt: "2026-06-01T11:30:00.000Z" }, "deleted or transferred"],
  [{ repository: { name: "rocket", enabled: false } }, "no longer tracked"],
])("keeps the lease of an issue that left the board, without a link: %o", (gone, why) => {
  const held = lease();
  const [segment] = timelineSegmentsOf(
    agent({ leaseHistory: [{ ...held, issue: { ...held.issue, ...gone } }] }),
    [],
    NOW,
  );
  expect(segment).toMatchObject({ subject: `rocket #7 Fix it (${why})`, opens: false });
});

it("shows the duration", () => {
  const [short] = timelineSegmentsOf(
    agent(),
    [run({ finishedAt: "2026-06-01T09:00:00.200Z" })],
    NOW,
  );
  const [long] = timelineSegmentsOf(agent(), [run()], NOW);
  expect([short, long].map((segment) => segment && lengthWords(segment))).toEqual([
    "a moment",
    "10m 0s",
  ]);
});

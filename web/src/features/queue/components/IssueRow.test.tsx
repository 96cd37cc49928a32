import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { FAILED, PAUSED } from "@/lib/fixtures.ts";
import { pauses } from "@/lib/pauses.ts";
import { Changes } from "../api/changes.ts";
import type { Explained } from "../api/queue.ts";
import { explained } from "../model/fixtures.ts";
import { Ranked } from "./Ranked.tsx";
import { Withheld } from "./Withheld.tsx";

afterEach(() => {
  cleanup();
  pauses.set([]);
});

const shared = { usualLane: "default", changes: new Changes() };
const ranked = (...rows: readonly Explained[]) =>
  render(<Ranked agent="quill" ranked={rows} withheld={0} {...shared} />).container;
const withheld = (...rows: readonly Explained[]) =>
  render(<Withheld withheld={rows} {...shared} onRetried={() => Promise.resolve()} />).container;
const rows = () => screen.getAllByRole("listitem").map((row) => row.textContent);

it("shows the lane if it is not the usual one", () => {
  ranked(explained(1, {}, { rank: 1 }), explained(2, { lane: "frontier" }, { rank: 2 }));
  const [usual, other] = rows();
  expect(usual).not.toContain("lane");
  expect(other).toContain("lane frontier · no priority, ready");
});

it("shows the failed attempts with the reason, also if they withhold the issue from nobody", () => {
  const summary =
    "The issue was left alone until 2026-06-01T12:00:10.000Z because scout failed on it (1 failed attempt).";
  ranked(explained(1, { backoff: { ...FAILED, summary } }, { rank: 1 }));
  const [row] = rows();
  expect(row).toContain("1 failed attempt");
  expect(row).toContain("because scout failed on it (1 failed attempt).");
});

it("shows the reason once if the issue is withheld because of it", () => {
  withheld(
    explained(1, { backoff: FAILED }, { skipReasons: ["BACKING_OFF"], summary: FAILED.summary }),
  );
  expect(rows().join().split("because scout failed on it")).toHaveLength(2);
});

it("shows a pause once, above the rows", () => {
  pauses.set([PAUSED, { ...PAUSED, id: "2", summary: "Everything is paused by ben" }]);
  const because = "is not served, because everything is paused by ana: A release.";
  const container = withheld(
    explained(1, {}, { skipReasons: ["PAUSED"], summary: `The issue ${because}` }),
    explained(
      2,
      {},
      { skipReasons: ["LEASED", "PAUSED"], summary: `The issue is held by scout and ${because}` },
    ),
  );
  const [, , first, second] = rows();
  expect(first).toContain("The issue is paused.");
  expect(second).toContain("The issue is held by scout and is paused.");
  expect(container.textContent.split(PAUSED.summary)).toHaveLength(2);
  expect(container.textContent).not.toContain("ben");
});

import { expect, it } from "vitest";
import { clockTime } from "@/lib/time.ts";
import { featureTitle, sentenceOf, summaryOf, viewsOf, type BudgetView } from "./budgets.ts";
import { budget, resource } from "./fixtures.ts";

const NOW = Date.parse("2026-06-10T12:00:00.000Z");
const RESET = "2026-06-10T12:40:00.000Z";
const only = (...parts: Parameters<typeof budget>): BudgetView => {
  const [view] = viewsOf([budget(...parts)], NOW);
  return view ?? expect.fail("no budget");
};

it("has the points by feature, the largest first, and those of other programs", () => {
  expect(only()).toMatchObject({
    owner: "octocat",
    spent: [
      { kind: "SWEEP", points: 900 },
      { kind: "CHANGES", points: 300 },
      { kind: "OTHERS", points: 40 },
    ],
    total: 1_240,
    forecast: 3_100,
    problem: undefined,
  });
});

it("has no other programs if GitHub counts less than the last hour, after a reset", () => {
  expect(only({}, { remaining: 4_990 }).spent.map(({ kind }) => kind)).toEqual([
    "SWEEP",
    "CHANGES",
  ]);
});

it("is a sentence", () => {
  expect(sentenceOf(only())).toBe(
    "1,240 of 5,000 points spent in the last hour; " +
      `at this pace 3,100 by ${clockTime(RESET)}; 500 kept for claims and moves.`,
  );
  expect(sentenceOf(only({ reserve: 0 }))).not.toContain("kept");
  const rest = only({ resources: [resource({ resource: "CORE" })] });
  expect(sentenceOf(rest)).toContain("1,240 of 5,000 requests spent");
});

it("has no forecast after the window has ended", () => {
  const ended = "2026-06-10T11:59:00.000Z";
  const view = only({}, { resetAt: ended, remaining: 0, forecast: -10 });
  expect(view).toMatchObject({ forecast: undefined, problem: undefined, total: 1_200 });
  expect(sentenceOf(view)).toContain(`all available again since ${clockTime(ended)}`);
});

it.each([
  [{ pausedUntil: RESET }, {}, "GitHub asked to wait: no requests are sent until "],
  [{}, { blockedUntil: RESET }, "No GraphQL requests are sent until "],
  [{}, { forecast: -1 }, "At this pace nothing is left before "],
  [{}, { forecast: 499 }, "At this pace less than the reserve is left at "],
])("has a problem, case %#", (changes, ofResource, words) => {
  expect(only(changes, ofResource).problem).toMatch(new RegExp(`^${words}`));
});

it("has no problem that is over, or with the reserve left", () => {
  const past = "2026-06-10T11:59:00.000Z";
  expect(
    only({ pausedUntil: past }, { blockedUntil: past, forecast: 500 }).problem,
  ).toBeUndefined();
});

it("forecasts at least what is spent already", () => {
  expect(only({}, { remaining: 4_990, forecast: 4_980 }).forecast).toBe(1_200);
});

it("has a view for each principal and resource", () => {
  const rest = resource({ resource: "CORE", remaining: 4_993 });
  const views = viewsOf(
    [
      budget({ resources: [resource(), rest] }),
      budget({ principal: "installation:42", spending: [] }),
    ],
    NOW,
  );
  expect(new Set(views.map(({ id }) => id)).size).toBe(3);
  expect(summaryOf(views.slice(0, 2))).toBe(
    "1,240 of 5,000 GraphQL points, 7 of 5,000 REST requests",
  );
  expect(summaryOf(views)).toContain("installation 42: 1,240 of 5,000 GraphQL points");
  expect(viewsOf([budget({ principal: null })], NOW)[0]?.owner).toBeUndefined();
});

it("has a title for every feature", () => {
  expect(featureTitle("CHANGES")).toBe("Claims and moves");
  expect(featureTitle("OTHERS")).toBe("Other programs");
});

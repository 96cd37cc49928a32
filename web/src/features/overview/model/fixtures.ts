import type { GithubBudget } from "../api/budgets.ts";

// Values for tests.

type Resource = GithubBudget["resources"][number];

/** The GraphQL points of a user at noon: a quarter is spent, and the rest is sufficient. */
export const resource = (changes: Partial<Resource> = {}): Resource => ({
  resource: "GRAPHQL",
  limit: 5_000,
  remaining: 3_760,
  resetAt: "2026-06-10T12:40:00.000Z",
  blockedUntil: null,
  forecast: 1_900,
  ...changes,
});

/** The budget of a user with these points. */
export const budget = (
  changes: Partial<GithubBudget> = {},
  ofResource: Partial<Resource> = {},
): GithubBudget => ({
  principal: "user:octocat",
  reserve: 500,
  pausedUntil: null,
  resources: [resource(ofResource)],
  spending: [
    { resource: "GRAPHQL", feature: "AUTOMATION", points: 0 },
    { resource: "GRAPHQL", feature: "SWEEP", points: 900 },
    { resource: "GRAPHQL", feature: "CHANGES", points: 300 },
    { resource: "CORE", feature: "CHANGES", points: 7 },
  ],
  ...changes,
});

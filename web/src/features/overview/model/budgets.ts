import { clockTime } from "@/lib/time.ts";
import type { GithubBudget } from "../api/budgets.ts";

type Resource = GithubBudget["resources"][number];
type Feature = GithubBudget["spending"][number]["feature"];

/** A part of what was spent: of a feature, or of other programs that use the same token. */
export type Spent = { readonly kind: Feature | "OTHERS"; readonly points: number };

/** The budget of one principal for one resource. */
export type BudgetView = {
  readonly id: string;
  /** Such as `octocat` or `installation 42`; undefined until GitHub has said whose the token is. */
  readonly owner: string | undefined;
  readonly resource: Resource["resource"];
  readonly limit: number;
  /** What was spent in the last hour, the largest part first, without zeros. */
  readonly spent: readonly Spent[];
  readonly total: number;
  /** The points that are kept for claims and moves. */
  readonly reserve: number;
  /**
   * The points that will be spent at `resetAt`. More than the limit means that they will not last. Undefined if the
   * window has ended and nothing was requested since.
   */
  readonly forecast: number | undefined;
  readonly resetAt: string;
  /** Why no requests are sent, or what will happen; undefined if the budget is sufficient. */
  readonly problem: string | undefined;
};

const RESOURCES: Readonly<Record<Resource["resource"], readonly [title: string, unit: string]>> = {
  GRAPHQL: ["GraphQL", "points"],
  CORE: ["REST", "requests"],
};

const FEATURES: Readonly<Record<Spent["kind"], string>> = {
  AUTOMATION: "Automation",
  SWEEP: "Timed sync",
  FULL_SYNC: "Full sync",
  REFRESH: "Refresh",
  CHANGES: "Claims and moves",
  OTHERS: "Other programs",
};

export const resourceTitle = (resource: Resource["resource"]): string => RESOURCES[resource][0];
export const featureTitle = (kind: Spent["kind"]): string => FEATURES[kind];

const ownerOf = (principal: string | null): string | undefined =>
  principal?.replace(/^user:/, "").replace(/^installation:/, "installation ");

const isAhead = (instant: string, now: number): boolean => Date.parse(instant) > now;

/** The points of the last hour by feature. What GitHub counts beyond them was spent by other programs. */
function spentOf(
  { spending }: GithubBudget,
  { resource, limit, remaining, resetAt }: Resource,
  now: number,
): Spent[] {
  const own = spending
    .filter((each) => each.resource === resource)
    .map(({ feature, points }): Spent => ({ kind: feature, points }));
  const sum = own.reduce((total, { points }) => total + points, 0);
  const counted = isAhead(resetAt, now) ? limit - remaining : 0;
  return [...own, { kind: "OTHERS" as const, points: Math.max(0, counted - sum) }]
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points);
}

function problemOf(budget: GithubBudget, resource: Resource, now: number): string | undefined {
  const { pausedUntil, reserve } = budget;
  const { blockedUntil, forecast, resetAt } = resource;
  if (pausedUntil !== null && isAhead(pausedUntil, now)) {
    return `GitHub asked to wait: no requests are sent until ${clockTime(pausedUntil)}.`;
  }
  if (blockedUntil !== null && isAhead(blockedUntil, now)) {
    return `No ${resourceTitle(resource.resource)} requests are sent until ${clockTime(blockedUntil)}.`;
  }
  if (!isAhead(resetAt, now)) return undefined;
  if (forecast < 0) return `At this pace nothing is left before ${clockTime(resetAt)}.`;
  if (forecast < reserve) {
    return `At this pace less than the reserve is left at ${clockTime(resetAt)}: syncs will be delayed.`;
  }
  return undefined;
}

/** The budgets by principal and resource. */
export const viewsOf = (budgets: readonly GithubBudget[], now: number): readonly BudgetView[] =>
  budgets.flatMap((budget) =>
    budget.resources.map((resource): BudgetView => {
      const spent = spentOf(budget, resource, now);
      const total = spent.reduce((sum, { points }) => sum + points, 0);
      return {
        id: `${budget.principal ?? ""} ${resource.resource}`,
        owner: ownerOf(budget.principal),
        resource: resource.resource,
        limit: resource.limit,
        spent,
        total,
        reserve: budget.reserve,
        forecast: isAhead(resource.resetAt, now)
          ? Math.max(total, resource.limit - resource.forecast)
          : undefined,
        resetAt: resource.resetAt,
        problem: problemOf(budget, resource, now),
      };
    }),
  );

/**
 * A budget as a sentence, such as `1,240 of 5,000 points spent in the last hour; at this pace 3,100 by 12:40; 500 kept
 * for claims and moves.`
 */
export function sentenceOf({
  resource,
  limit,
  total,
  reserve,
  forecast,
  resetAt,
}: BudgetView): string {
  const unit = RESOURCES[resource][1];
  const parts = [
    `${total.toLocaleString()} of ${limit.toLocaleString()} ${unit} spent in the last hour`,
    forecast === undefined
      ? `all available again since ${clockTime(resetAt)}`
      : `at this pace ${forecast.toLocaleString()} by ${clockTime(resetAt)}`,
    ...(reserve > 0 ? [`${reserve.toLocaleString()} kept for claims and moves`] : []),
  ];
  return `${parts.join("; ")}.`;
}

/** All budgets in one line, such as `1,240 of 5,000 GraphQL points, 20 of 5,000 REST requests`. */
export function summaryOf(views: readonly BudgetView[]): string {
  const owners = new Set(views.map(({ owner }) => owner));
  return views
    .map(({ owner, resource, total, limit }) => {
      const [title, unit] = RESOURCES[resource];
      const amount = `${total.toLocaleString()} of ${limit.toLocaleString()} ${title} ${unit}`;
      return owners.size > 1 && owner !== undefined ? `${owner}: ${amount}` : amount;
    })
    .join(", ");
}

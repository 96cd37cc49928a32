/** The state or the result of a run or a job. */
export type Outcome =
  "success" | "failure" | "cancelled" | "skipped" | "running" | "waiting" | "unknown";

type State = {
  readonly status: string;
  readonly conclusion: string | null;
};

const CONCLUSIONS: Readonly<Record<string, Outcome>> = {
  SUCCESS: "success",
  NEUTRAL: "success",
  FAILURE: "failure",
  TIMED_OUT: "failure",
  STARTUP_FAILURE: "failure",
  ACTION_REQUIRED: "waiting",
  CANCELLED: "cancelled",
  STALE: "cancelled",
  SKIPPED: "skipped",
};

const STATUSES: Readonly<Record<string, Outcome>> = {
  IN_PROGRESS: "running",
  QUEUED: "waiting",
  WAITING: "waiting",
  REQUESTED: "waiting",
  PENDING: "waiting",
};

/** The outcome by GitHub's status and conclusion; `unknown` for values that are not known here. */
export function outcomeOf({ status, conclusion }: State): Outcome {
  if (conclusion !== null) return CONCLUSIONS[conclusion] ?? "unknown";
  return STATUSES[status] ?? "unknown";
}

/** Whether it has not completed: it can be cancelled, but not run again. */
export const isUnderWay = (state: State): boolean => {
  const outcome = outcomeOf(state);
  return state.conclusion === null && (outcome === "running" || outcome === "waiting");
};

const TITLES: Readonly<Record<Outcome, string>> = {
  success: "Succeeded",
  failure: "Failed",
  cancelled: "Cancelled",
  skipped: "Skipped",
  running: "Running",
  waiting: "Waiting",
  unknown: "Unknown",
};

export const outcomeTitle = (outcome: Outcome): string => TITLES[outcome];

const EXACT: Readonly<Record<string, string>> = {
  TIMED_OUT: "Timed out",
  STARTUP_FAILURE: "Could not start",
  ACTION_REQUIRED: "Needs approval",
  NEUTRAL: "Neutral",
  STALE: "Stale",
};

/** The outcome in words, such as `Timed out`. An unknown value of GitHub is shown as it is. */
export function outcomeWords(
  state: State & { readonly statusText?: string | null; readonly conclusionText?: string | null },
): string {
  const exact = state.conclusion === null ? undefined : EXACT[state.conclusion];
  if (exact !== undefined) return exact;
  const outcome = outcomeOf(state);
  if (outcome !== "unknown") return TITLES[outcome];
  return state.conclusionText ?? state.statusText ?? TITLES.unknown;
}

/** The colour of an outcome. `OutcomeMark` adds a shape. */
export const OUTCOME_COLORS: Readonly<Record<Outcome, string>> = {
  success: "var(--done)",
  failure: "var(--blocked)",
  cancelled: "var(--backlog)",
  skipped: "var(--backlog)",
  running: "var(--in-progress)",
  waiting: "var(--ready)",
  unknown: "var(--backlog)",
};

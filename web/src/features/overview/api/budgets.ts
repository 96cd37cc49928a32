import { ask } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { follow } from "@/lib/graphql/live.ts";
import { latestOnly } from "@/lib/latestOnly.ts";
import { signal } from "@/lib/signal.ts";

const BudgetFields = graphql(`
  fragment BudgetFields on GithubBudget {
    principal
    reserve
    pausedUntil
    resources {
      resource
      limit
      remaining
      resetAt
      blockedUntil
      forecast
    }
    spending {
      resource
      feature
      points
    }
  }
`);

export const BudgetsQuery = graphql(
  `
    query GithubBudgets {
      githubBudgets {
        ...BudgetFields
      }
    }
  `,
  [BudgetFields],
);

export const BudgetsChanged = graphql(
  `
    subscription GithubBudgetsChanged {
      githubBudgetsChanged {
        ...BudgetFields
      }
    }
  `,
  [BudgetFields],
);

/** What one principal may spend of GitHub's rate limits. */
export type GithubBudget = ResultOf<typeof BudgetFields>;

export type BudgetsState = {
  /** The latest budgets. They stay when a later request fails; undefined until the first response. */
  readonly budgets: readonly GithubBudget[] | undefined;
  /** Why the latest request failed; undefined after a successful one. */
  readonly failure: Failure | undefined;
};

/** The budgets, updated live while `watchBudgets` runs. */
export const budgetsState = signal<BudgetsState>({ budgets: undefined, failure: undefined });

const answers = latestOnly();

/** Loads the budgets now. */
export async function loadBudgets(): Promise<void> {
  const isLatest = answers.start();
  const { data, failure } = await ask(BudgetsQuery, {});
  if (!isLatest()) return;
  budgetsState.set({ budgets: data?.githubBudgets ?? budgetsState.get().budgets, failure });
}

/** Keeps `budgetsState` up to date. Returns the function that stops it. */
export function watchBudgets(): () => void {
  const load = () => void loadBudgets();
  load();
  return follow({
    document: BudgetsChanged,
    variables: () => ({}),
    onItem: ({ githubBudgetsChanged }) => {
      answers.supersede();
      budgetsState.set({ budgets: githubBudgetsChanged, failure: undefined });
    },
    onStart: load,
    onFailure: load,
  });
}

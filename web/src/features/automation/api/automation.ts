import { listenToAutomation, RedBranchFields, repositoryOf } from "@/lib/automation.ts";
import { ask, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import { AutomationStateFields } from "./state.ts";

/** Not the workflows, which `CardWorkflowsLoader` loads for visible cards: all repositories together have very many. */
const SummaryFields = graphql(
  `
    fragment SummaryFields on Repository {
      id
      fullName
      owner
      name
      url
      source
      automation {
        defaultBranch
        latestCommit {
          sha
        }
        ...AutomationStateFields
        releases(first: 1) {
          tagName
          url
        }
      }
    }
  `,
  [AutomationStateFields],
);

export const AutomationQuery = graphql(
  `
    query Automation {
      trackedRepositories {
        ...SummaryFields
      }
      redBranches {
        ...RedBranchFields
      }
    }
  `,
  [SummaryFields, RedBranchFields],
);

export const AutomationOfRepository = graphql(
  `
    query AutomationOfRepository($id: ID!) {
      node(id: $id) {
        __typename
        ...SummaryFields
      }
      redBranches {
        ...RedBranchFields
      }
    }
  `,
  [SummaryFields, RedBranchFields],
);

export type Summary = ResultOf<typeof SummaryFields>;

export type Automation = ResultOf<typeof AutomationQuery>;

/** If more repositories have changed, all are loaded again. */
const MOST_APART = 4;

/** Loads the automation of all tracked repositories at first, and then only of those that have changed. */
class Reader {
  #known: Automation | undefined;
  readonly #changed = new Set<string>();
  #isAllChanged = true;

  /** Notes that a repository has changed, or that any may have. */
  note(repositoryId: string | undefined): void {
    if (repositoryId === undefined) this.#isAllChanged = true;
    else this.#changed.add(repositoryId);
  }

  async read(): Promise<Answer<Automation>> {
    const changed = [...this.#changed];
    this.#changed.clear();
    const known = this.#known;
    const isPart = !this.#isAllChanged && changed.length > 0 && changed.length <= MOST_APART;
    this.#isAllChanged = false;
    const answer =
      known && isPart ? await readParts(known, changed) : await ask(AutomationQuery, {});
    // After a failure everything is loaded again.
    if (answer.failure) this.#isAllChanged = true;
    else this.#known = answer.data;
    return answer;
  }
}

/** The known data, with some repositories loaded again. */
async function readParts(known: Automation, ids: readonly string[]): Promise<Answer<Automation>> {
  const answers = await Promise.all(ids.map((id) => ask(AutomationOfRepository, { id })));
  let { trackedRepositories, redBranches } = known;
  for (const answer of answers) {
    if (answer.failure) return answer;
    const { node } = answer.data;
    redBranches = answer.data.redBranches;
    if (node?.__typename !== "Repository") continue;
    // The repository is newly tracked.
    if (!trackedRepositories.some((each) => each.id === node.id)) return ask(AutomationQuery, {});
    trackedRepositories = trackedRepositories.map((each) => (each.id === node.id ? node : each));
  }
  return { data: { trackedRepositories, redBranches } };
}

/** The automation of all tracked repositories, updated live. */
export function automationQuery(): LiveQuery<Automation> {
  const reader = new Reader();
  return new LiveQuery<Automation>(() => reader.read(), undefined, [
    ({ onItem, onMissed }) =>
      listenToAutomation({
        onItem: ({ automationEvents }) => {
          reader.note(repositoryOf(automationEvents));
          onItem();
        },
        onMissed: () => {
          reader.note(undefined);
          onMissed();
        },
      }),
  ]);
}

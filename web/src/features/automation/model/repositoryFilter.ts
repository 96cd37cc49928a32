import { facetsOfSearch, type FacetValues } from "@/lib/facets.ts";

/** The filters of the repositories. */
export const FACETS = ["state", "owner"] as const;

export type Facet = (typeof FACETS)[number];
export type RepositoryFilter = FacetValues<Facet>;

export const NO_FILTER: RepositoryFilter = { state: "", owner: "" };

/** The titles of the states. */
export const STATES = {
  red: "Default branch fails",
  failing: "A workflow fails",
  running: "A workflow runs",
  clear: "Nothing fails or runs",
  problem: "Could not be read",
} as const;

type State = keyof typeof STATES;

const isState = (name: string): name is State => Object.hasOwn(STATES, name);

/** Parses an address. An unknown state is ignored. */
export function filterOfSearch(search: string): RepositoryFilter {
  const { state, owner } = facetsOfSearch(search, FACETS);
  return { state: isState(state) ? state : "", owner };
}

type Repository = {
  readonly owner: string;
  readonly fullName: string;
  readonly automation: {
    readonly isRed: boolean;
    readonly failingCount: number;
    readonly runningCount: number;
    readonly syncError: string | null;
  };
};

const HOLDS: Readonly<Record<State, (automation: Repository["automation"]) => boolean>> = {
  red: ({ isRed }) => isRed,
  failing: ({ failingCount }) => failingCount > 0,
  running: ({ runningCount }) => runningCount > 0,
  clear: ({ failingCount, runningCount, syncError }) =>
    failingCount === 0 && runningCount === 0 && syncError === null,
  problem: ({ syncError }) => syncError !== null,
};

export const isInState = ({ automation }: Repository, state: string): boolean =>
  !isState(state) || HOLDS[state](automation);

/** The rank of a repository: a higher one is shown earlier. */
const urgency = ({ automation }: Repository): number =>
  (automation.isRed ? 8 : 0) +
  (automation.syncError === null ? 0 : 4) +
  (automation.failingCount > 0 ? 2 : 0) +
  (automation.runningCount > 0 ? 1 : 0);

/** The repositories that match a filter: red ones first, then those that fail or run, each sorted by name. */
export const shownRepositories = <Each extends Repository>(
  repositories: readonly Each[],
  { state, owner }: RepositoryFilter,
): readonly Each[] =>
  repositories
    .filter((each) => isInState(each, state) && (owner === "" || each.owner === owner))
    .sort((a, b) => urgency(b) - urgency(a) || a.fullName.localeCompare(b.fullName));

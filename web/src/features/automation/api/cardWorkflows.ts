import { parse } from "@0no-co/graphql.web";
import { ask } from "@/lib/graphql/client.ts";
import { textOf } from "@/lib/graphql/document.ts";
import { graphql, type ResultOf, type TadaDocumentNode } from "@/lib/graphql/graphql.ts";
import { signal } from "@/lib/signal.ts";

/** Only the fields that a card shows, because a repository may have many workflows. */
const CardFields = graphql(`
  fragment CardFields on Repository {
    id
    automation {
      workflows {
        id
        name
        isFlaky
        latestRunOnDefaultBranch {
          id
          number
          status
          statusText
          conclusion
          conclusionText
          branch
        }
        recentRuns(first: 20) {
          id
          number
          status
          statusText
          conclusion
          conclusionText
          branch
          createdAt
          startedAt
          duration
        }
      }
    }
  }
`);

/** A workflow as a card shows it. */
export type CardWorkflow = ResultOf<typeof CardFields>["automation"]["workflows"][number];

type CardWorkflowsDocument = TadaDocumentNode<
  Readonly<Record<string, ResultOf<typeof CardFields> | null>>,
  Record<string, string>
>;

/** The maximum number of repositories in one request: the server allows as many root fields. */
export const MOST_REPOSITORIES = 20;

/**
 * The maximum number of workflows in one request, except of a single repository. With twenty runs of each, a response
 * has at most 20,000 values.
 */
export const MOST_WORKFLOWS = 100;

const documents = new Map<number, CardWorkflowsDocument>();

/**
 * A query for the workflows of a number of repositories. It has a field and a variable `r0`, `r1` and so on for each,
 * because the schema has no field for several ids.
 */
export function cardWorkflowsDocument(count: number): CardWorkflowsDocument {
  const known = documents.get(count);
  if (known) return known;
  const names = Array.from({ length: count }, (_, index) => `r${index}`);
  const text = `query CardWorkflows(${names.map((name) => `$${name}: ID!`).join(", ")}) {
    ${names.map((name) => `${name}: node(id: $${name}) { ...CardFields }`).join("\n")}
  }
  ${textOf(CardFields)}`;
  const document = parse(text, { noLocation: true }) as unknown as CardWorkflowsDocument;
  documents.set(count, document);
  return document;
}

/** A repository whose workflows a card shows. */
type Repository = {
  readonly id: string;
  readonly automation: { readonly workflowsCount: number };
};

/** Requests within this time are sent together. */
const TOGETHER_MS = 50;

/** Loads the workflows of the repositories whose cards are visible, of several repositories in one request. */
export class CardWorkflowsLoader {
  /** By the id of the repository. */
  readonly workflows = signal<ReadonlyMap<string, readonly CardWorkflow[]>>(new Map());
  /** Why workflows of visible cards could not be loaded; undefined if none are missing. */
  readonly failure = signal<string | undefined>(undefined);
  /** The repositories whose cards are visible. */
  readonly #visible = new Map<string, Repository>();
  /** The objects for which workflows are loaded or requested, to load each of them only once. */
  readonly #requested = new Map<string, Repository>();
  /** The ids of visible repositories whose last request failed. */
  readonly #failed = new Set<string>();
  /** Whether a request is scheduled or not answered yet. */
  #isBusy = false;

  /**
   * Loads the workflows of a repository whose card is visible, together with others at about the same time. Does nothing
   * if they were loaded for the same object before.
   */
  show(repository: Repository): void {
    this.#visible.set(repository.id, repository);
    this.#schedule();
  }

  /** Drops a request that was not sent yet, or that has failed. What is loaded stays. */
  hide(repositoryId: string): void {
    this.#visible.delete(repositoryId);
    this.#settle([repositoryId]);
  }

  /** Repeats what failed. */
  retry(): void {
    this.#failed.clear();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isBusy || this.#wanted().length === 0) return;
    this.#isBusy = true;
    setTimeout(() => void this.#load(), TOGETHER_MS);
  }

  #wanted(): readonly Repository[] {
    return [...this.#visible.values()].filter(
      (each) => this.#requested.get(each.id) !== each && !this.#failed.has(each.id),
    );
  }

  async #load(): Promise<void> {
    const repositories = withinLimits(this.#wanted());
    if (repositories.length > 0) await this.#read(repositories);
    this.#isBusy = false;
    this.#schedule();
  }

  async #read(repositories: readonly Repository[]): Promise<void> {
    for (const each of repositories) this.#requested.set(each.id, each);
    const variables = Object.fromEntries(repositories.map(({ id }, index) => [`r${index}`, id]));
    const { data, failure } = await ask(cardWorkflowsDocument(repositories.length), variables);
    if (failure) {
      this.#fail(repositories, failure.message);
      return;
    }
    const next = new Map(this.workflows.get());
    for (const repository of Object.values(data)) {
      if (repository) next.set(repository.id, repository.automation.workflows);
    }
    this.workflows.set(next);
    this.#settle(repositories.map(({ id }) => id));
  }

  /** Notes a failure of the repositories that are still visible. All of them can be requested again. */
  #fail(repositories: readonly Repository[], message: string): void {
    for (const { id } of repositories) {
      this.#requested.delete(id);
      if (this.#visible.has(id)) this.#failed.add(id);
    }
    if (this.#failed.size > 0) this.failure.set(message);
  }

  /** Forgets the failures of repositories. */
  #settle(ids: readonly string[]): void {
    for (const id of ids) this.#failed.delete(id);
    if (this.#failed.size === 0) this.failure.set(undefined);
  }
}

/** As many of the first repositories as one request may have. */
function withinLimits(repositories: readonly Repository[]): readonly Repository[] {
  let workflows = 0;
  const excess = repositories.slice(0, MOST_REPOSITORIES).findIndex(({ automation }, index) => {
    workflows += automation.workflowsCount;
    return index > 0 && workflows > MOST_WORKFLOWS;
  });
  return repositories.slice(0, excess === -1 ? MOST_REPOSITORIES : excess);
}

import { parse } from "@0no-co/graphql.web";
import { ask } from "@/lib/graphql/client.ts";
import { textOf } from "@/lib/graphql/document.ts";
import { graphql, type ResultOf, type TadaDocumentNode } from "@/lib/graphql/graphql.ts";
import { signal } from "@/lib/signal.ts";

/** Few runs and few fields, because the cost of a query is limited and many repositories are loaded at once. */
const StripFields = graphql(`
  fragment StripFields on Repository {
    id
    automation {
      workflows {
        id
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

type Strips = ResultOf<typeof StripFields>["automation"]["workflows"];

/** The latest runs of each workflow of a repository, by the id of the workflow. */
export type WorkflowRuns = ReadonlyMap<string, Strips[number]["recentRuns"]>;

type StripsDocument = TadaDocumentNode<
  Readonly<Record<string, ResultOf<typeof StripFields> | null>>,
  Record<string, string>
>;

/** The maximum number of repositories in one request: the server allows as many root fields. */
export const MOST_AT_ONCE = 20;

const documents = new Map<number, StripsDocument>();

/**
 * A query for the runs of a number of repositories. It has a field and a variable `r0`, `r1` and so on for each, because
 * the schema has no field for several ids.
 */
export function stripsDocument(count: number): StripsDocument {
  const known = documents.get(count);
  if (known) return known;
  const names = Array.from({ length: count }, (_, index) => `r${index}`);
  const text = `query RunStrips(${names.map((name) => `$${name}: ID!`).join(", ")}) {
    ${names.map((name) => `${name}: node(id: $${name}) { ...StripFields }`).join("\n")}
  }
  ${textOf(StripFields)}`;
  const document = parse(text, { noLocation: true }) as unknown as StripsDocument;
  documents.set(count, document);
  return document;
}

/** Requests within this time are sent together. */
const TOGETHER_MS = 50;

/** Loads the latest runs of the workflows of repositories, of several repositories in one request. */
export class RunStrips {
  /** By the id of the repository. */
  readonly runs = signal<ReadonlyMap<string, WorkflowRuns>>(new Map());
  /** Why the last request failed; undefined after a successful one. */
  readonly failure = signal<string | undefined>(undefined);
  readonly #wanted = new Set<string>();
  /** The objects for which runs are loaded or requested, to load each of them only once. */
  readonly #requested = new Map<string, object>();
  /** Whether a request is scheduled or not answered yet. */
  #isBusy = false;

  /**
   * Loads the runs of a repository, together with others that are requested at about the same time. Does nothing if they
   * were loaded for the same object before.
   */
  request(repository: { readonly id: string }): void {
    if (this.#requested.get(repository.id) === repository) return;
    this.#requested.set(repository.id, repository);
    this.#wanted.add(repository.id);
    this.#schedule();
  }

  /** Drops a request that was not sent yet. */
  withdraw(repositoryId: string): void {
    if (this.#wanted.delete(repositoryId)) this.#requested.delete(repositoryId);
  }

  #schedule(): void {
    if (this.#isBusy || this.#wanted.size === 0) return;
    this.#isBusy = true;
    setTimeout(() => void this.#load(), TOGETHER_MS);
  }

  async #load(): Promise<void> {
    const ids = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const id of ids) this.#wanted.delete(id);
    if (ids.length > 0) await this.#read(ids);
    this.#isBusy = false;
    this.#schedule();
  }

  async #read(ids: readonly string[]): Promise<void> {
    const variables = Object.fromEntries(ids.map((id, index) => [`r${index}`, id]));
    const { data, failure } = await ask(stripsDocument(ids.length), variables);
    this.failure.set(failure?.message);
    // A failed request is repeated when the repository is shown again or changes.
    if (failure) for (const id of ids) this.#requested.delete(id);
    if (data) {
      const next = new Map(this.runs.get());
      for (const repository of Object.values(data)) {
        if (!repository) continue;
        const { workflows } = repository.automation;
        next.set(repository.id, new Map(workflows.map(({ id, recentRuns }) => [id, recentRuns])));
      }
      this.runs.set(next);
    }
  }
}

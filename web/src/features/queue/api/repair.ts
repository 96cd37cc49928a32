import { change } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { signal } from "@/lib/signal.ts";
import type { Finding } from "./queue.ts";

export const RepairWork = graphql(`
  mutation RepairWork($input: RepairWorkInput!) {
    repairWork(input: $input) {
      auditEntry {
        id
        beforeLabels
        afterLabels
        createdAt
      }
    }
  }
`);

type Entry = ResultOf<typeof RepairWork>["repairWork"]["auditEntry"];

/** The state of a repair that was requested here. */
export type Repair =
  | { readonly state: "under way"; readonly finding: Finding }
  | { readonly state: "done"; readonly finding: Finding; readonly entry: Entry }
  | { readonly state: "refused"; readonly finding: Finding; readonly failure: Failure };

/** Identifies a finding: an issue may have several. */
export const keyOf = ({ issueId, ailment }: Pick<Finding, "issueId" | "ailment">): string =>
  `${issueId} ${ailment}`;

/** The repairs that were requested on one page, by finding, the latest last. Never changed in place. */
export class Repairs {
  readonly asked = signal<ReadonlyMap<string, Repair>>(new Map());

  /** Repairs a finding, and keeps the result. */
  async repair(finding: Finding): Promise<void> {
    const { issueId, ailment } = finding;
    this.#note({ state: "under way", finding });
    const { data, failure } = await change(RepairWork, { input: { issueId, ailment } });
    this.#note(
      failure
        ? { state: "refused", finding, failure }
        : { state: "done", finding, entry: data.repairWork.auditEntry },
    );
  }

  #note(repair: Repair): void {
    const next = new Map(this.asked.get());
    next.delete(keyOf(repair.finding));
    this.asked.set(next.set(keyOf(repair.finding), repair));
  }
}

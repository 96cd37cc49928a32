import { ask } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import { FACETS, type AuditFilter, type Facet } from "../model/filter.ts";

export const AuditOptionsQuery = graphql(`
  query AuditOptions {
    auditOptions {
      repositories {
        value
        entries
      }
      actors {
        value
        entries
      }
      actions {
        value
        entries
      }
      agents {
        value
        entries
      }
    }
  }
`);

/** A possible value of a filter. */
export type Option = {
  readonly facet: Facet;
  readonly value: string;
  /** The number of matching entries; undefined if it was not counted. */
  readonly entries: number | undefined;
};

type Counted = readonly { readonly value: string; readonly entries: number }[];

/** The options from the server for each facet; none if it does not respond. */
export type Offered = Partial<Record<Facet, Counted>>;

/** Requests the filter options of the whole log. */
export async function readOptions(): Promise<Offered> {
  const { data } = await ask(AuditOptionsQuery, {});
  if (!data) return {};
  const { repositories, actors, actions, agents } = data.auditOptions;
  return { repository: repositories, actor: actors, action: actions, agent: agents };
}

/** All options: those from the server, and those already chosen. */
export function optionsOf(offered: Offered, filter: AuditFilter): readonly Option[] {
  return FACETS.flatMap((facet): readonly Option[] => {
    if (facet === "outcome") {
      return ["success", "failure"].map((value) => ({ facet, value, entries: undefined }));
    }
    const options = (offered[facet] ?? []).map((option) => ({ facet, ...option }));
    const chosen = filter[facet];
    return chosen === "" || options.some(({ value }) => value === chosen)
      ? options
      : [...options, { facet, value: chosen, entries: undefined }];
  });
}

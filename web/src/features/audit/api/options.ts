import { ask } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import type { Facet } from "../model/filter.ts";

export const AuditOptionsQuery = graphql(`
  query AuditOptions {
    filterOptions {
      repositories {
        value
      }
      agents {
        value
      }
    }
  }
`);

/** Values to filter by, beside those in the part of the log that has been read. */
export type Offered = Partial<Record<Facet, readonly string[]>>;

/** Asks which repositories and agents there are; nothing when the server does not answer. */
export async function readOptions(): Promise<Offered> {
  const { data } = await ask(AuditOptionsQuery, {});
  if (!data) return {};
  const { repositories, agents } = data.filterOptions;
  return {
    repository: repositories.map(({ value }) => value),
    agent: agents.map(({ value }) => value),
  };
}

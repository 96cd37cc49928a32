import { ask } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import { PRIORITIES } from "@/lib/statuses.ts";
import { FACETS, type BoardFilter, type Facet } from "../model/filter.ts";
import type { BoardStore } from "../model/store.ts";

export const TrackedQuery = graphql(`
  query Tracked {
    repositories {
      id
      fullName
      enabled
    }
  }
`);

/** Names of the tracked repositories, in the server's order. Empty when it does not answer. */
export async function trackedRepositories(): Promise<readonly string[]> {
  const answer = await ask(TrackedQuery, {});
  return (answer.data?.repositories ?? [])
    .filter((each) => each.enabled)
    .map((each) => each.fullName);
}

export type Option = { readonly facet: Facet; readonly value: string };

/** What a board can be narrowed to: what is loaded, and what it is narrowed to already. */
export function optionsOf(
  store: BoardStore,
  tracked: readonly string[],
  filter: BoardFilter,
): Option[] {
  const values: Record<Facet, Set<string>> = {
    repositories: new Set([...tracked, ...filter.repositories]),
    agents: new Set(filter.agents),
    owners: new Set(filter.owners),
    priorities: new Set(PRIORITIES),
    labels: new Set(filter.labels),
  };
  for (const issue of store.issues()) {
    for (const agent of issue.agents) values.agents.add(agent);
    for (const owner of issue.owners) values.owners.add(owner);
    for (const label of issue.labels) {
      if (!/^(status|priority|agent|owner)\//.test(label)) values.labels.add(label);
    }
  }
  return (Object.keys(FACETS) as Facet[]).flatMap((facet) => {
    const list = [...values[facet]];
    if (facet !== "repositories") list.sort((a, b) => a.localeCompare(b));
    return list.map((value) => ({ facet, value }));
  });
}

import { ask } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import { otherLabels } from "@/lib/labelSchemes.ts";
import { PRIORITIES, STATUSES } from "@/lib/statuses.ts";
import { FACETS, type BoardFilter, type Facet } from "../model/filter.ts";
import type { BoardStore } from "../model/store.ts";

export const FilterOptionsQuery = graphql(`
  query FilterOptions {
    overview {
      byStatus {
        status
        issues
      }
    }
    filterOptions {
      repositories {
        value
        issues
      }
      agents {
        value
        issues
      }
      owners {
        value
        issues
      }
      projects {
        value
        issues
      }
      priorities {
        value
        issues
      }
      lanes {
        value
        issues
      }
    }
  }
`);

/** A value that a filter can take. */
export type Option = {
  readonly facet: Facet;
  readonly value: string;
  /** How many issues on the board have it; undefined where nobody counted. */
  readonly issues: number | undefined;
};

/** What the server offers for each facet; nothing when it does not answer. */
export type Offered = Partial<Record<Facet, readonly { value: string; issues?: number }[]>>;

/** Asks what the board can be narrowed to now. */
export async function readOptions(): Promise<Offered> {
  const { data } = await ask(FilterOptionsQuery, {});
  if (!data) return {};
  return {
    ...data.filterOptions,
    statuses: data.overview.byStatus.map(({ status, issues }) => ({ value: status, issues })),
    priorities: data.filterOptions.priorities
      .map((each) => ({ ...each, value: each.value.toUpperCase() }))
      .filter((each) => PRIORITIES.some((priority) => priority === each.value)),
  };
}

/** Labels that a filter has another facet for. It takes Dispatch's names, whatever a repository calls them. */
const SPOKEN_FOR = /^(status|priority|agent|owner|project)\//;

/** Everything to choose from: what the server offers, the labels in sight, and what is chosen already. */
export function optionsOf(
  offered: Offered,
  store: BoardStore,
  filter: BoardFilter,
): readonly Option[] {
  const labels = new Set<string>();
  for (const issue of store.issues()) {
    for (const label of otherLabels(issue)) if (!SPOKEN_FOR.test(label)) labels.add(label);
  }
  const always: Offered = {
    statuses: STATUSES.map((value) => ({ value })),
    priorities: PRIORITIES.map((value) => ({ value })),
    labels: [...labels].sort((a, b) => a.localeCompare(b)).map((value) => ({ value })),
  };
  return (Object.keys(FACETS) as Facet[]).flatMap((facet) => {
    const counts = new Map<string, number | undefined>();
    for (const { value } of always[facet] ?? []) counts.set(value, undefined);
    for (const { value, issues } of offered[facet] ?? []) counts.set(value, issues);
    for (const value of filter[facet]) if (!counts.has(value)) counts.set(value, undefined);
    return [...counts].map(([value, issues]) => ({ facet, value, issues }));
  });
}

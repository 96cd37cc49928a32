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

/** A possible value of a filter. */
export type Option = {
  readonly facet: Facet;
  readonly value: string;
  /** The number of issues on the board with it; undefined if they were not counted. */
  readonly issues: number | undefined;
};

/** The values of the server for each facet; none if it does not respond. */
export type Offered = Partial<Record<Facet, readonly { value: string; issues?: number }[]>>;

/** Requests the current values of all facets. */
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

/**
 * Whether a label belongs to another facet. Filters use Dispatch's own labels, also for repositories with other ones.
 */
const SPOKEN_FOR = /^(status|priority|agent|owner|project)\//;

/** All choices: the values of the server, the labels of the loaded issues, and the values that are already chosen. */
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

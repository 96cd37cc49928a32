import { ask } from "./graphql/client.ts";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { isSameName } from "./issues.ts";
import { signal } from "./signal.ts";
import { statusWord } from "./statuses.ts";

export const LabelSchemeFields = graphql(`
  fragment LabelSchemeFields on LabelScheme {
    statuses {
      status
      label
    }
    priorities {
      priority
      label
    }
    agentPrefix
  }
`);

export const LabelSchemesQuery = graphql(
  `
    query LabelSchemes {
      repositories {
        fullName
        labelScheme {
          ...LabelSchemeFields
        }
      }
    }
  `,
  [LabelSchemeFields],
);

/** The labels that a repository uses on GitHub for statuses, priorities and agents. */
export type LabelScheme = ResultOf<typeof LabelSchemeFields>;

/** The prefix of Dispatch's own labels of agents. */
export const AGENT_PREFIX = "agent/";

/** Dispatch's own label and that of a repository with the same meaning. For agents, both are prefixes. */
type Name = { readonly own: string; readonly name: string };

/** All labels of a scheme: statuses in board order, priorities, and the prefix of agents. */
export const namesOf = ({ statuses, priorities, agentPrefix }: LabelScheme): readonly Name[] => [
  ...statuses.map(({ status, label }) => ({ own: `status/${statusWord(status)}`, name: label })),
  ...priorities.map(({ priority, label }) => ({
    own: `priority/${priority.toLowerCase()}`,
    name: label,
  })),
  { own: AGENT_PREFIX, name: agentPrefix },
];

/** The labels of a scheme that differ from Dispatch's own. */
export const renamedIn = (scheme: LabelScheme): readonly Name[] =>
  namesOf(scheme).filter(({ own, name }) => !isSameName(own, name));

type Test = (label: string) => boolean;

/** Whether a label is a status, priority, agent or owner in a repository with Dispatch's own labels. */
const hasMeaning: Test = (label) => /^(status|priority|agent|owner)\//i.test(label);

/** The same in a repository with another scheme. Dispatch's own labels have no meaning there. */
function hasMeaningIn(scheme: LabelScheme): Test {
  const names = new Set(namesOf(scheme).map(({ name }) => name.toLowerCase()));
  const prefixes = [scheme.agentPrefix.toLowerCase(), "owner/"];
  return (label) => {
    const lower = label.toLowerCase();
    return names.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix));
  };
}

/** The label schemes of the repositories that do not use Dispatch's own labels. Empty until the first response. */
export const labelSchemes = signal<ReadonlyMap<string, Test>>(new Map());

/** Loads the label schemes of all repositories. A change of a scheme reloads the board. */
export async function refreshLabelSchemes(): Promise<void> {
  const { data } = await ask(LabelSchemesQuery, {});
  if (!data) return;
  const own = data.repositories.filter(({ labelScheme }) => renamedIn(labelScheme).length > 0);
  labelSchemes.set(
    new Map(own.map(({ fullName, labelScheme }) => [fullName, hasMeaningIn(labelScheme)])),
  );
}

type Labelled = {
  readonly labels: readonly string[];
  readonly repository: { readonly fullName: string };
};

/** The labels of an issue other than its status, priority, agents and owners. */
export function otherLabels({ labels, repository }: Labelled, schemes = labelSchemes.get()) {
  const isShown = schemes.get(repository.fullName) ?? hasMeaning;
  return labels.filter((label) => !isShown(label));
}

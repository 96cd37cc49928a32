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

/** The labels of a repository for statuses, priorities and agents on GitHub. */
export type LabelScheme = ResultOf<typeof LabelSchemeFields>;

/** What Dispatch's own labels of agents begin with. */
export const AGENT_PREFIX = "agent/";

/** Dispatch's label and the one that a repository has for the same; of agents the beginning. */
type Name = { readonly own: string; readonly name: string };

/** Every label of a scheme, in board order, then by priority; last what labels of agents begin with. */
export const namesOf = ({ statuses, priorities, agentPrefix }: LabelScheme): readonly Name[] => [
  ...statuses.map(({ status, label }) => ({ own: `status/${statusWord(status)}`, name: label })),
  ...priorities.map(({ priority, label }) => ({
    own: `priority/${priority.toLowerCase()}`,
    name: label,
  })),
  { own: AGENT_PREFIX, name: agentPrefix },
];

/** Those that are not Dispatch's own. */
export const renamedIn = (scheme: LabelScheme): readonly Name[] =>
  namesOf(scheme).filter(({ own, name }) => !isSameName(own, name));

type Test = (label: string) => boolean;

/** Whether a label is a status, a priority, an agent or an owner, where Dispatch's own labels are. */
const hasMeaning: Test = (label) => /^(status|priority|agent|owner)\//i.test(label);

/** The same in a repository with other labels, where Dispatch's own for these are labels like any other. */
function hasMeaningIn(scheme: LabelScheme): Test {
  const names = new Set(namesOf(scheme).map(({ name }) => name.toLowerCase()));
  const prefixes = [scheme.agentPrefix.toLowerCase(), "owner/"];
  return (label) => {
    const lower = label.toLowerCase();
    return names.has(lower) || prefixes.some((prefix) => lower.startsWith(prefix));
  };
}

/** The labels with a meaning in each repository with its own labels. Empty until the first response. */
export const labelSchemes = signal<ReadonlyMap<string, Test>>(new Map());

/** Requests the label schemes of all repositories. When one changes, the board is reloaded. */
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

/** The labels of an issue that are not shown already as its column, priority, agents or owners. */
export function otherLabels({ labels, repository }: Labelled, schemes = labelSchemes.get()) {
  const isShown = schemes.get(repository.fullName) ?? hasMeaning;
  return labels.filter((label) => !isShown(label));
}

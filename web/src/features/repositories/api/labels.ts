import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf, type VariablesOf } from "@/lib/graphql/graphql.ts";

export const LabelSchemePreview = graphql(`
  query LabelSchemePreview($input: LabelSchemeInput!) {
    labelSchemePreview(input: $input) {
      labels {
        label
        exists
        openIssues
      }
      changes {
        issueId
        number
        title
        before
        after
      }
      changeCount
    }
  }
`);

export const SetLabelScheme = graphql(`
  mutation SetLabelScheme($input: LabelSchemeInput!) {
    setLabelScheme(input: $input) {
      repository {
        id
      }
    }
  }
`);

export type LabelSchemeInput = VariablesOf<typeof SetLabelScheme>["input"];

/** The effect that a label scheme would have on a repository. */
export type Preview = ResultOf<typeof LabelSchemePreview>["labelSchemePreview"];

/** Previews a label scheme of a repository without changing it. */
export async function previewScheme(input: LabelSchemeInput): Promise<Answer<Preview>> {
  const answer = await ask(LabelSchemePreview, { input });
  return answer.failure ? answer : { data: answer.data.labelSchemePreview };
}

/** Sets the label scheme of a repository. Writes nothing to GitHub. */
export const saveScheme = (input: LabelSchemeInput): Promise<Answer<unknown>> =>
  change(SetLabelScheme, { input });

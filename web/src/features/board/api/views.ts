import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";

const ViewFields = graphql(`
  fragment ViewFields on SavedView {
    id
    name
    query
    createdBy
  }
`);

export const SavedViews = graphql(
  `
    query SavedViews {
      savedViews {
        ...ViewFields
      }
    }
  `,
  [ViewFields],
);

export const SaveView = graphql(
  `
    mutation SaveView($input: SaveViewInput!) {
      saveView(input: $input) {
        view {
          ...ViewFields
        }
      }
    }
  `,
  [ViewFields],
);

export const DeleteView = graphql(`
  mutation DeleteView($input: DeleteViewInput!) {
    deleteView(input: $input) {
      view {
        id
      }
    }
  }
`);

/** A named address of the board, shared by everybody. */
export type SavedView = ResultOf<typeof ViewFields>;

export async function readViews(): Promise<Answer<readonly SavedView[]>> {
  const answer = await ask(SavedViews, {});
  return answer.failure ? answer : { data: answer.data.savedViews };
}

/** A saved view by its id; undefined if it does not exist. */
export async function findView(id: string): Promise<Answer<SavedView | undefined>> {
  const answer = await readViews();
  return answer.failure ? answer : { data: answer.data.find((view) => view.id === id) };
}

/** Saves the address of the board under a name. Replaces a view with the same name. */
export const saveView = (name: string, query: string): Promise<Answer<unknown>> =>
  change(SaveView, { input: { name, query } });

export const deleteView = (viewId: string): Promise<Answer<unknown>> =>
  change(DeleteView, { input: { viewId } });

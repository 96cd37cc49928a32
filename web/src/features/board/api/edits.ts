import { sendEdit, type Edit } from "@/lib/edits.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import type { BoardStore } from "../model/store.ts";

/** Changes several issues, one after the other. The stream delivers the results; a failure is shown on its card. */
export async function edit(store: BoardStore, ids: readonly string[], wanted: Edit): Promise<void> {
  for (const id of ids) {
    const card = store.card(id);
    if (card && whyUnchangeable(card.issue, "edit") !== undefined) continue;
    const answer = await sendEdit(id, wanted);
    if (answer.failure)
      store.reportFailure(id, `The ${wanted.kind} was not changed`, answer.failure);
  }
}

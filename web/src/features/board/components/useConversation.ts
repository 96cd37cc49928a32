import { useCallback, useEffect, useState } from "react";
import { readConversation } from "../api/conversation.ts";

export type ConversationReading = Awaited<ReturnType<typeof readConversation>>;

/**
 * The comments of an issue, reloaded when `version` changes. While they are reloaded, the previous ones stay.
 */
export function useConversation(
  id: string,
  version: string,
): { readonly reading: ConversationReading | undefined; readonly reread: () => Promise<void> } {
  const [state, setState] = useState<{ id: string; reading: ConversationReading }>();
  const reread = useCallback(async () => {
    const reading = await readConversation(id);
    // The response is dropped if another issue has been opened meanwhile.
    setState((before) => (before && before.id !== id ? before : { id, reading }));
  }, [id]);
  useEffect(() => {
    let here = true;
    void readConversation(id).then((reading) => {
      if (here) setState({ id, reading });
    });
    return () => {
      here = false;
    };
  }, [id, version]);
  return { reading: state?.id === id ? state.reading : undefined, reread };
}

import { useCallback, useEffect, useState } from "react";
import { readConversation } from "../api/conversation.ts";

export type ConversationReading = Awaited<ReturnType<typeof readConversation>>;

/**
 * The comments of an issue, read again when `version` changes. Until then, and while that lasts, what was read before of
 * the same issue stays.
 */
export function useConversation(
  id: string,
  version: string,
): { readonly reading: ConversationReading | undefined; readonly reread: () => Promise<void> } {
  const [state, setState] = useState<{ id: string; reading: ConversationReading }>();
  const reread = useCallback(async () => {
    const reading = await readConversation(id);
    // Another issue may be open by now, whose comments stay.
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

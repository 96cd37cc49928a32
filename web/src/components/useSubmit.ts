import { useRef, useState } from "react";
import type { Answer } from "@/lib/graphql/client.ts";

export type Submission = {
  /** Whether the change is being sent, or `onAccepted` has not resolved yet. */
  readonly isBusy: boolean;
  /** Why the last attempt was rejected; undefined after a successful one. */
  readonly refusal: string | undefined;
  /** Sends the change, unless it is already being sent. */
  readonly submit: () => Promise<void>;
  readonly clearRefusal: () => void;
};

/** The state of a form or button that sends one change. `onAccepted` is awaited before it can be sent again. */
export function useSubmit<Data>(
  send: () => Promise<Answer<Data>>,
  onAccepted: (data: Data) => void | Promise<void>,
): Submission {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  // A second press before the next render would still see `isBusy` as false.
  const isSending = useRef(false);
  const submit = async () => {
    if (isSending.current) return;
    isSending.current = true;
    setBusy(true);
    try {
      const answer = await send();
      setRefusal(answer.failure?.message);
      if (!answer.failure) await onAccepted(answer.data);
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  };
  return { isBusy, refusal, submit, clearRefusal: () => setRefusal(undefined) };
}

import { useRef, useState } from "react";
import type { Answer } from "@/lib/graphql/client.ts";

export type Submission = {
  /** Whether it is being sent, or what follows an accepted one is not over yet. */
  readonly isBusy: boolean;
  /** Why the last one was refused; undefined once one is accepted. */
  readonly refusal: string | undefined;
  /** Sends it, unless it is being sent. */
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
  // Two presses before the next rendering would both find it idle.
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

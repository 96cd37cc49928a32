import { useState } from "react";
import { retryIssue } from "@/lib/retry.ts";
import { notify } from "./Notices.tsx";

type Retry = {
  readonly isBusy: boolean;
  /** Why the last try was refused. */
  readonly refusal: string | undefined;
  readonly retry: () => Promise<void>;
};

/** The way to have an issue served again. `name` is what people call it; `onDone` is waited for before it may be pressed again. */
export function useRetry(issueId: string, name: string, onDone?: () => Promise<void>): Retry {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const retry = async () => {
    setBusy(true);
    const answer = await retryIssue(issueId);
    setRefusal(answer.failure?.message);
    if (!answer.failure) {
      notify(`Agents may be served ${name} again.`);
      await onDone?.();
    }
    setBusy(false);
  };
  return { isBusy, refusal, retry };
}

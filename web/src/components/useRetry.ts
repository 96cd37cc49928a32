import { retryIssue } from "@/lib/retry.ts";
import { notify } from "./Notices.tsx";
import { useSubmit, type Submission } from "./useSubmit.ts";

/** Has an issue served again. `name` is what people call it; `onDone` is waited for before it may be pressed again. */
export const useRetry = (issueId: string, name: string, onDone?: () => Promise<void>): Submission =>
  useSubmit(
    () => retryIssue(issueId),
    async () => {
      notify(`Agents may be served ${name} again.`);
      await onDone?.();
    },
  );

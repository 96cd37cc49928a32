import { retryIssue } from "@/lib/retry.ts";
import { notify } from "./Notices.tsx";
import { useSubmit, type Submission } from "./useSubmit.ts";

/** Retries an issue. `name` is its name for people; `onDone` is awaited before the button is enabled again. */
export const useRetry = (issueId: string, name: string, onDone?: () => Promise<void>): Submission =>
  useSubmit(
    () => retryIssue(issueId),
    async () => {
      notify(`Agents may be served ${name} again.`);
      await onDone?.();
    },
  );

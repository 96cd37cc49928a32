import { RefreshCw } from "lucide-react";
import { Button, IconButton } from "@/components/Button.tsx";
import { notify } from "@/components/Notices.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { useMay } from "@/lib/viewer.ts";
import { syncAutomation } from "../api/control.ts";

const plural = (count: number): string => `${count} ${count === 1 ? "repository" : "repositories"}`;

type Results = readonly { readonly repository: string; readonly error: string | null }[];

/** The result of a sync, as a sentence. */
export function syncWords(results: Results): { readonly text: string; readonly failed: boolean } {
  const failed = results.filter(({ error }) => error !== null);
  const [first] = failed;
  if (!first) return { text: `Read ${plural(results.length)}.`, failed: false };
  const detail =
    failed.length === 1
      ? `${first.repository}: ${first.error ?? ""}`
      : `${failed.length} could not be read.`;
  return {
    text: `Read ${results.length - failed.length} of ${plural(results.length)}. ${detail}`,
    failed: true,
  };
}

function useSyncAutomation(repository: string | undefined) {
  return useSubmit(
    async () => {
      const answer = await syncAutomation(repository);
      if (answer.failure) notify(answer.failure.message, "danger");
      return answer;
    },
    (results) => {
      const { text, failed } = syncWords(results);
      notify(text, failed ? "danger" : "plain");
    },
  );
}

/** The button that syncs the automation of all repositories, or of one. */
export function SyncAutomationButton({ repository }: { readonly repository?: string }) {
  const may = useMay("sync");
  const { isBusy, submit } = useSyncAutomation(repository);
  if (!may) return null;
  return (
    <Button
      look="quiet"
      disabled={isBusy}
      onClick={() => void submit()}
      title={`Read the automation of ${repository ?? "all repositories"} from GitHub now`}
    >
      <RefreshCw size={14} className={isBusy ? "animate-spin" : undefined} aria-hidden />
      {isBusy ? "Syncing…" : repository === undefined ? "Sync all" : "Sync"}
    </Button>
  );
}

/** The same button as an icon. */
export function SyncRepositoryButton({ repository }: { readonly repository: string }) {
  const may = useMay("sync");
  const { isBusy, submit } = useSyncAutomation(repository);
  if (!may) return null;
  return (
    <IconButton label={`Sync ${repository}`} disabled={isBusy} onClick={() => void submit()}>
      <RefreshCw size={14} className={isBusy ? "animate-spin" : undefined} aria-hidden />
    </IconButton>
  );
}

import { notify } from "@/components/Notices.tsx";
import { change } from "@/lib/graphql/client.ts";
import { signal } from "@/lib/signal.ts";
import { SyncIssues } from "./documents.ts";

const count = (number: number, noun: string): string =>
  `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;

/** How a sync ended, in one sentence. */
export function outcomeOf(
  synced: number,
  results: readonly { repository: string; error: string | null }[],
): {
  text: string;
  failed: boolean;
} {
  const failed = results.filter((result) => result.error !== null);
  if (failed.length === 0) {
    const repositories = results.length === 1 ? "1 repository" : `${results.length} repositories`;
    return { text: `Synced ${count(synced, "issue")} from ${repositories}.`, failed: false };
  }
  const [first] = failed;
  const detail =
    failed.length === 1 && first
      ? `${first.repository}: ${first.error ?? ""}`
      : `${failed.length} repositories failed.`;
  return {
    text: `Synced ${count(synced, "issue")} from ${results.length - failed.length} of ${results.length} repositories. ${detail}`,
    failed: true,
  };
}

/** Whether a sync that was asked for here is under way. */
export const syncing = signal(false);

/** Asks the service to read all tracked repositories from GitHub now, and says how that went. */
export async function syncAndTell(): Promise<void> {
  if (syncing.get()) return;
  syncing.set(true);
  const answer = await change(SyncIssues, {});
  syncing.set(false);
  if (answer.failure) {
    notify(answer.failure.message, "danger");
    return;
  }
  const { text, failed } = outcomeOf(
    answer.data.syncIssues.syncedCount,
    answer.data.syncIssues.results,
  );
  notify(text, failed ? "danger" : "plain");
}

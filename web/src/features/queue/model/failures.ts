import type { Backoff } from "@/lib/backoff.ts";

/** Why agents failed on an issue, as a sentence; undefined if none did, or if the text about the issue already says so. */
export function unmentionedFailure(backoff: Backoff | null, said: string): string | undefined {
  if (!backoff || backoff.failedAttempts === 0) return undefined;
  // The server puts several reasons into one sentence; each keeps its words.
  const words = backoff.summary.replace(/^The issue /, "").replace(/\.$/, "");
  return said.includes(words) ? undefined : backoff.summary;
}

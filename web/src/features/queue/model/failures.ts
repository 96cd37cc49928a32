import type { Backoff } from "@/lib/backoff.ts";

/** Why agents failed on an issue, as a sentence; undefined if none failed, or if the shown text already says it. */
export function unmentionedFailure(backoff: Backoff | null, said: string): string | undefined {
  if (!backoff || backoff.failedAttempts === 0) return undefined;
  // The server joins several reasons into one sentence, each with its own text unchanged.
  const words = backoff.summary.replace(/^The issue /, "").replace(/\.$/, "");
  return said.includes(words) ? undefined : backoff.summary;
}

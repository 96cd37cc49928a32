import type { LinkedPullRequest } from "@/lib/pullRequests.ts";

type Issue = {
  readonly pullRequestUrl: string | null;
  readonly pullRequests: readonly LinkedPullRequest[];
};

/**
 * The pull request that an issue shows: an open one, else the one that was merged or closed last. Of an open one that was
 * not read itself, only the address is known.
 */
export function shownPullRequest({
  pullRequestUrl,
  pullRequests,
}: Issue): LinkedPullRequest | null {
  const open = pullRequests.filter(({ state }) => state === "OPEN");
  const named = open.find(({ url }) => url === pullRequestUrl);
  if (named !== undefined) return named;
  if (pullRequestUrl !== null && !pullRequests.some(({ url }) => url === pullRequestUrl)) {
    const unread = { isDraft: false, checkState: null, reviewDecision: null };
    return { url: pullRequestUrl, state: "OPEN", ...unread };
  }
  return open[0] ?? pullRequests.find(({ state }) => state === "MERGED") ?? pullRequests[0] ?? null;
}

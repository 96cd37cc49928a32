import { shortSha } from "@/lib/automation.ts";
import type { RepositoryAutomation } from "../api/repository.ts";
import { Tile } from "./Tile.tsx";

/** The state of a repository in a few values. */
export function RepositoryTiles({ automation }: { readonly automation: RepositoryAutomation }) {
  const { latestCommit, failingCount, runningCount } = automation;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Tile name="Status">
        {automation.isRed ? (
          <span className="text-danger">{automation.defaultBranch} fails</span>
        ) : failingCount > 0 ? (
          <span className="text-warning">{failingCount} failing on other branches</span>
        ) : (
          <span className="text-success">no failures</span>
        )}
        {runningCount > 0 && (
          <span className="text-meta font-normal text-accent">{runningCount} running</span>
        )}
      </Tile>
      <Tile name={`Latest commit on ${automation.defaultBranch}`}>
        {latestCommit ? (
          <>
            {latestCommit.url === null ? (
              shortSha(latestCommit.sha)
            ) : (
              <a
                href={latestCommit.url}
                target="_blank"
                rel="noreferrer noopener"
                className="rounded hover:underline"
              >
                {shortSha(latestCommit.sha)}
              </a>
            )}
            <span className="text-meta font-normal text-ink-soft">{latestCommit.author}</span>
          </>
        ) : (
          "–"
        )}
      </Tile>
      <Tile name="Releases">{automation.releasesCount.toLocaleString()}</Tile>
      <Tile name="Open PRs">{automation.openPullRequestsCount.toLocaleString()}</Tile>
    </dl>
  );
}

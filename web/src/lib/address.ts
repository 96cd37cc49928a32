import { statusWord, type Status } from "./statuses.ts";

/** The parameters of a link to the board. */
export type BoardLink = {
  /** The full name of a repository. */
  readonly repository?: string;
  readonly statuses?: readonly Status[];
  /** An agent's name, without `agent/`. */
  readonly agent?: string;
  /** Whether to show only issues without an update for a week. */
  readonly stale?: boolean;
  /** The id of the issue to open. */
  readonly issue?: string;
};

/** The address of the board with these parameters. */
export function boardAddress({
  repository,
  statuses = [],
  agent,
  stale,
  issue,
}: BoardLink): string {
  const params = new URLSearchParams();
  if (repository !== undefined) params.append("repo", repository);
  for (const status of statuses) params.append("status", statusWord(status));
  if (agent !== undefined) params.append("agent", `agent/${agent}`);
  if (stale === true) params.append("stale", "true");
  if (issue !== undefined) params.append("issue", issue);
  return params.size > 0 ? `/board?${params}` : "/board";
}

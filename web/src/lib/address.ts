import { statusWord, type Status } from "./statuses.ts";

/** The parameters of a link to the board. Every page can link there; the board parses them. */
export type BoardLink = {
  /** A repository's full name. */
  readonly repository?: string;
  readonly statuses?: readonly Status[];
  /** An agent's name, without `agent/`. */
  readonly agent?: string;
  /** Whether to show only issues that have not changed for a week. */
  readonly stale?: boolean;
  /** The id of the issue to open. */
  readonly issue?: string;
};

/** The address of the board, narrowed down. */
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

import { useSyncExternalStore } from "react";
import { whyReadOnly } from "@/lib/issues.ts";
import { viewer, whyDenied, type Action } from "@/lib/viewer.ts";
import type { BoardIssue } from "../api/documents.ts";

/** How an issue may be changed on the board. */
type Change = Extract<Action, "move" | "edit" | "comment" | "retry">;

/**
 * Why an issue cannot be changed, as a sentence; undefined when it can. A repository that is read-only comes first,
 * because signing in would not help there.
 */
export const whyUnchangeable = (
  { repository }: Pick<BoardIssue, "repository">,
  change: Change,
): string | undefined => whyReadOnly(repository) ?? whyDenied(change);

/** The same for a component, drawn again when what the viewer may do changes. */
export const useWhyUnchangeable = (
  issue: Pick<BoardIssue, "repository">,
  change: Change,
): string | undefined => useSyncExternalStore(viewer.watch, () => whyUnchangeable(issue, change));

import { useSyncExternalStore } from "react";
import { whyReadOnly } from "@/lib/issues.ts";
import { viewer, whyDenied, type Action } from "@/lib/viewer.ts";
import type { BoardIssue } from "../api/documents.ts";

type Change = Extract<Action, "move" | "edit" | "comment" | "retry">;

/**
 * Why an issue cannot be changed, as a sentence; undefined if it can. A read-only repository is the first reason,
 * because signing in does not help there.
 */
export const whyUnchangeable = (
  { repository }: Pick<BoardIssue, "repository">,
  change: Change,
): string | undefined => whyReadOnly(repository) ?? whyDenied(change);

/** The same as a hook, which rerenders when the permissions of the viewer change. */
export const useWhyUnchangeable = (
  issue: Pick<BoardIssue, "repository">,
  change: Change,
): string | undefined => useSyncExternalStore(viewer.watch, () => whyUnchangeable(issue, change));

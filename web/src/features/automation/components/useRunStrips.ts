import { createContext, useContext, useEffect, useSyncExternalStore, type RefObject } from "react";
import { useVisible } from "@/components/useVisible.ts";
import type { Summary } from "../api/automation.ts";
import { RunStrips, type WorkflowRuns } from "../api/strips.ts";

/** The loader of a page, which all its cards share. */
export const RunStripsContext = createContext(new RunStrips());

/**
 * The latest runs of the workflows of a repository; undefined until they are loaded. They are loaded when the element
 * becomes visible, and again when `repository` is another object, which it is after each change.
 */
export function useRunStrips(
  repository: Summary,
  element: RefObject<Element | null>,
): WorkflowRuns | undefined {
  const strips = useContext(RunStripsContext);
  const isVisible = useVisible(element);
  useEffect(() => {
    if (!isVisible || repository.automation.workflows.length === 0) return;
    strips.request(repository);
    return () => strips.withdraw(repository.id);
  }, [strips, isVisible, repository]);
  return useSyncExternalStore(strips.runs.watch, () => strips.runs.get().get(repository.id));
}

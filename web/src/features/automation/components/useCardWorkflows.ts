import { createContext, useContext, useEffect, useSyncExternalStore, type RefObject } from "react";
import { useVisible } from "@/components/useVisible.ts";
import { useSignal } from "@/lib/signal.ts";
import type { Summary } from "../api/automation.ts";
import { CardWorkflowsLoader, type CardWorkflow } from "../api/cardWorkflows.ts";

/** The loader of a page, which all its cards share. */
export const CardWorkflowsContext = createContext(new CardWorkflowsLoader());

export type ShownWorkflows = {
  /** Undefined until they are loaded. */
  readonly workflows: readonly CardWorkflow[] | undefined;
  /** Whether the card is visible, or nearly. */
  readonly isVisible: boolean;
  /** Whether the first response is being waited for. */
  readonly isLoading: boolean;
};

/**
 * The workflows of a repository. They are loaded when the element becomes visible, and again when `repository` is
 * another object, which it is after each change; the old ones stay until then.
 */
export function useCardWorkflows(
  repository: Summary,
  element: RefObject<Element | null>,
): ShownWorkflows {
  const loader = useContext(CardWorkflowsContext);
  const isVisible = useVisible(element);
  useEffect(() => {
    if (!isVisible || repository.automation.workflowsCount === 0) return;
    loader.show(repository);
    return () => loader.hide(repository.id);
  }, [loader, isVisible, repository]);
  const workflows = useSyncExternalStore(loader.workflows.watch, () =>
    loader.workflows.get().get(repository.id),
  );
  const hasFailed = useSignal(loader.failure) !== undefined;
  return { workflows, isVisible, isLoading: isVisible && workflows === undefined && !hasFailed };
}

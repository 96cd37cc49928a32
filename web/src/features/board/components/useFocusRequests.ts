import { useEffect, useLayoutEffect } from "react";
import { useSignal } from "@/lib/signal.ts";
import { useBoard } from "./context.ts";

/**
 * Brings the focused card into view and gives it the browser's focus, each time it is requested. `index` is where it
 * stands in the list that calls this, or below zero when it is in another.
 */
export function useFocusRequests(index: number, scrollTo: (index: number) => void): void {
  const { interaction } = useBoard();
  const requests = useSignal(interaction.focusRequests);
  useLayoutEffect(() => {
    if (index < 0 || !interaction.takeFocusRequest(requests)) return;
    scrollTo(index);
    const id = interaction.focused.get();
    // The card may come into the page only with the next render.
    requestAnimationFrame(() => {
      document
        .querySelector<HTMLElement>(`[data-card="${CSS.escape(id ?? "")}"]`)
        ?.focus({ preventScroll: true });
    });
  });
}

/**
 * Gives the focus to another card when the requested one is not rendered at all: it went to a column, or out of a
 * filter, that this board does not show.
 */
export function useLostFocus(): void {
  const { interaction } = useBoard();
  const requests = useSignal(interaction.focusRequests);
  useEffect(() => {
    if (requests === 0) return;
    const frame = requestAnimationFrame(() => {
      if (interaction.isFocusRequestTaken(requests)) return;
      document.querySelector<HTMLElement>("[data-card][tabindex='0']")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [requests, interaction]);
}

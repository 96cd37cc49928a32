import { useEffect, useLayoutEffect } from "react";
import { useSignal } from "@/lib/signal.ts";
import { useBoard } from "./context.ts";

/**
 * Scrolls the focused card into view and gives it the browser's focus, each time that is requested. `index` is its
 * position in the calling list, or -1 if it is in another one.
 */
export function useFocusRequests(index: number, scrollTo: (index: number) => void): void {
  const { interaction } = useBoard();
  const requests = useSignal(interaction.focusRequests);
  useLayoutEffect(() => {
    if (index < 0 || !interaction.takeFocusRequest(requests)) return;
    scrollTo(index);
    const id = interaction.focused.get();
    // The card may not be rendered before the next frame.
    requestAnimationFrame(() => {
      document
        .querySelector<HTMLElement>(`[data-card="${CSS.escape(id ?? "")}"]`)
        ?.focus({ preventScroll: true });
    });
  });
}

/**
 * Gives the focus to another card if the requested one is not rendered at all, because its column is not shown or it
 * does not match the filter any more.
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

import { useEffect, useLayoutEffect } from "react";
import { useSignal } from "@/lib/signal.ts";
import { useBoard } from "./context.ts";

/**
 * Brings the focused card into view and gives it the browser's focus, each time it is called for. `index` is where it
 * stands in the list that calls this, or below zero when it is in another.
 */
export function useFocusCalls(index: number, scrollTo: (index: number) => void): void {
  const { hand } = useBoard();
  const calls = useSignal(hand.focusCalls);
  useLayoutEffect(() => {
    if (index < 0 || !hand.answer(calls)) return;
    scrollTo(index);
    const id = hand.focused.get();
    // The card may come into the page only with the next drawing.
    requestAnimationFrame(() => {
      document
        .querySelector<HTMLElement>(`[data-card="${CSS.escape(id ?? "")}"]`)
        ?.focus({ preventScroll: true });
    });
  });
}

/**
 * Gives the focus to another card when the one it is called to is not drawn at all: it went to a column, or out of a
 * filter, that this board does not show.
 */
export function useLostFocus(): void {
  const { hand } = useBoard();
  const calls = useSignal(hand.focusCalls);
  useEffect(() => {
    if (calls === 0) return;
    const frame = requestAnimationFrame(() => {
      if (hand.isAnswered(calls)) return;
      document.querySelector<HTMLElement>("[data-card][tabindex='0']")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [calls, hand]);
}

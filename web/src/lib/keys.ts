import { useEffect, useEffectEvent } from "react";

const TYPING = "input, textarea, select, [contenteditable=true]";

/** Whether a key pressed here belongs to a text field or to an open dialog, and not to the page. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest(`${TYPING}, dialog[open]`) !== null;

/**
 * Passes the page's keys to `handle`, without those typed into a field, held with Ctrl, Alt or
 * Meta, or pressed in a dialog. A handler that uses a key returns true, which keeps the browser and
 * later handlers from using it as well. One that is `first` is called before all others.
 */
export function useKeys(handle: (event: KeyboardEvent) => boolean, { first = false } = {}): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (handle(event)) event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listener, { capture: first });
    return () => window.removeEventListener("keydown", listener, { capture: first });
  }, [first]);
}

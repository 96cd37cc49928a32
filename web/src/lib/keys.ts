import { useEffect, useEffectEvent } from "react";

const TYPING = "input, textarea, select, [contenteditable=true]";

/** Whether a key event belongs to a text field or an open dialog instead of the page. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest(`${TYPING}, dialog[open]`) !== null;

/**
 * Calls `handle` for keys of the page: not for keys in a text field or a dialog, and not with Ctrl, Alt or Meta. A
 * handler returns true if it has used the key; then neither the browser nor a later handler gets it. A handler that is
 * `first` is called before all others.
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

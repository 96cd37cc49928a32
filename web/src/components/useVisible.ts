import { useEffect, useState, type RefObject } from "react";

/** An element counts as visible this far outside the visible area, so that its data is loaded before it is reached. */
const MARGIN = "400px";

/** Whether an element is in the visible area of the page or nearly, updated live. */
export function useVisible(element: RefObject<Element | null>): boolean {
  const [isVisible, setVisible] = useState(false);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const observer = new IntersectionObserver(
      (entries) => setVisible(entries.at(-1)?.isIntersecting ?? false),
      // The margin applies to the root alone, so the root is the element that scrolls.
      { root: node.closest("main"), rootMargin: MARGIN },
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, [element]);
  return isVisible;
}

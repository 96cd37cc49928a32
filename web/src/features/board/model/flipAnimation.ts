// Animates moved cards with FLIP: first position, last position, invert, play.

/** A card that is not rendered elsewhere within this time was removed, not moved. */
const MAX_WAIT_MS = 400;
const DURATION_MS = 180;
/** The maximum number of cards that are animated at once. Others change their position at once. */
const MAX_RUNNING = 12;

type Recorded = { readonly rect: DOMRect; readonly at: number };

const positions = new Map<string, Recorded>();
let running = 0;

const isReduced = () =>
  window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;

/** Records the position of a card when it leaves its column or is dropped. */
export function recordPosition(id: string, element: Element): void {
  const before = positions.get(id);
  // The position at which it was dropped is better than the one in its old column.
  if (before && performance.now() - before.at < 100) return;
  positions.set(id, { rect: element.getBoundingClientRect(), at: performance.now() });
}

/**
 * Animates a newly rendered card from its recorded position. Columns clip their content, so a clone of the card moves
 * above the page while the card itself is transparent.
 */
export function animateMove(id: string, element: HTMLElement): void {
  const first = positions.get(id);
  if (!first) return;
  positions.delete(id);
  if (performance.now() - first.at > MAX_WAIT_MS || isReduced() || running >= MAX_RUNNING) return;
  const rect = element.getBoundingClientRect();
  const x = first.rect.left - rect.left;
  const y = first.rect.top - rect.top;
  if (rect.width === 0 || Math.hypot(x, y) < 4) return;

  const clone = element.cloneNode(true) as HTMLElement;
  clone.inert = true;
  clone.setAttribute("aria-hidden", "true");
  for (const card of clone.querySelectorAll("[data-card]")) card.removeAttribute("data-card");
  Object.assign(clone.style, {
    position: "fixed",
    left: `${rect.left}px`,
    top: `${rect.top}px`,
    width: `${rect.width}px`,
    height: `${rect.height}px`,
    margin: "0",
    zIndex: "40",
    pointerEvents: "none",
    boxShadow: "var(--lifted)",
  });
  document.body.append(clone);
  // Transparent and not hidden, so that it can have the focus.
  Object.assign(element.style, { opacity: "0", transition: "none" });
  running += 1;
  const finish = () => {
    running -= 1;
    clone.remove();
    Object.assign(element.style, { opacity: "", transition: "" });
  };
  clone
    .animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], {
      duration: DURATION_MS,
      easing: "cubic-bezier(0.2, 0.8, 0.3, 1)",
    })
    .finished.then(finish, finish);
}

/** A card that left one place and has not come up in another by then has not moved but vanished. */
const WAITS_MS = 400;
const FLIES_MS = 180;
/** More than this at once is not movement but weather. */
const AT_ONCE = 12;

type Departure = { readonly rect: DOMRect; readonly at: number };

const departures = new Map<string, Departure>();
let flying = 0;

const still = () =>
  window.matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;

/** Remembers where a card was when it left its column, or where a hand let go of it. */
export function depart(id: string, element: Element): void {
  const before = departures.get(id);
  // The hand that let go says better where the card was than the column it was taken from.
  if (before && performance.now() - before.at < 100) return;
  departures.set(id, { rect: element.getBoundingClientRect(), at: performance.now() });
}

/**
 * Lets a card that has just appeared glide from where it was before. Columns clip what leaves them, so a likeness of
 * the card flies above the page while the card itself waits unseen.
 */
export function arrive(id: string, element: HTMLElement): void {
  const departure = departures.get(id);
  if (!departure) return;
  departures.delete(id);
  if (performance.now() - departure.at > WAITS_MS || still() || flying >= AT_ONCE) return;
  const rect = element.getBoundingClientRect();
  const x = departure.rect.left - rect.left;
  const y = departure.rect.top - rect.top;
  if (rect.width === 0 || Math.hypot(x, y) < 4) return;

  const likeness = element.cloneNode(true) as HTMLElement;
  likeness.inert = true;
  likeness.setAttribute("aria-hidden", "true");
  for (const card of likeness.querySelectorAll("[data-card]")) card.removeAttribute("data-card");
  Object.assign(likeness.style, {
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
  document.body.append(likeness);
  // Unseen but not hidden, so that it can have the focus meanwhile.
  Object.assign(element.style, { opacity: "0", transition: "none" });
  flying += 1;
  const land = () => {
    flying -= 1;
    likeness.remove();
    Object.assign(element.style, { opacity: "", transition: "" });
  };
  likeness
    .animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], {
      duration: FLIES_MS,
      easing: "cubic-bezier(0.2, 0.8, 0.3, 1)",
    })
    .finished.then(land, land);
}

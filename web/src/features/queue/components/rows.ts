/** The lines of a list that the keys walk. */
export const ROW = "data-row";

const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1 };

/** Goes to the next line of the page, or to the one before. Returns whether the key meant that. */
export function walkRows(key: string): boolean {
  const step = STEPS[key];
  if (step === undefined) return false;
  const links = [...document.querySelectorAll<HTMLElement>(`[${ROW}] a`)];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = at < 0 ? links[0] : links[at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** The lines of a list that the keys navigate, each with the id of its issue. */
export const ROW = "data-row";
/** The button of a line by which its issue is changed. */
export const CHANGE = "data-change";

const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1 };

/** Goes to the next line of the page, or to the one before. Returns whether the key meant that. */
export function navigateRows(key: string): boolean {
  const step = STEPS[key];
  if (step === undefined) return false;
  const links = [...document.querySelectorAll<HTMLElement>(`[${ROW}] a`)];
  const line = document.activeElement?.closest(`[${ROW}]`);
  const at = links.findIndex((link) => line?.contains(link));
  const next = at < 0 ? links[0] : links[at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** Asks what to change of the issue whose line has the focus. Returns whether there is one that can be changed. */
export function changeRow(): boolean {
  const row = document.activeElement?.closest(`[${ROW}]`);
  const button = row?.querySelector<HTMLElement>(`[${CHANGE}]`);
  button?.click();
  return button != null;
}

/** Gives the focus to the line of an issue, or else to the first, when the line that had it is gone. */
export function keepFocus(id: string): void {
  // The data that has just arrived is rendered with the next frame.
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    const link = (row: string) => document.querySelector<HTMLElement>(`[${row}] a`);
    (link(`${ROW}="${CSS.escape(id)}"`) ?? link(ROW))?.focus();
  });
}

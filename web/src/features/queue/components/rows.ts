/** Selects the rows that the keys navigate. The attribute has the id of the issue. */
export const ROW = "data-row";
/** Selects the button of a row that changes its issue. */
export const CHANGE = "data-change";

const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1 };

/** Moves the focus to the next or the previous row. Returns whether the key was one of these. */
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

/** Opens the change dialog of the focused row. Returns whether there is such a row with a change button. */
export function changeRow(): boolean {
  const row = document.activeElement?.closest(`[${ROW}]`);
  const button = row?.querySelector<HTMLElement>(`[${CHANGE}]`);
  button?.click();
  return button != null;
}

/** Focuses the row of an issue, or the first row, if the focused row was removed. */
export function keepFocus(id: string): void {
  // The data that has just arrived is rendered with the next frame.
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    const link = (row: string) => document.querySelector<HTMLElement>(`[${row}] a`);
    (link(`${ROW}="${CSS.escape(id)}"`) ?? link(ROW))?.focus();
  });
}

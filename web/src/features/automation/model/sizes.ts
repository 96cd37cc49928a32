const UNITS = ["bytes", "kB", "MB", "GB"] as const;

/** A number of bytes with a unit, such as `1.20 MB`. */
export function sizeWords(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${UNITS[unit] ?? ""}`;
}

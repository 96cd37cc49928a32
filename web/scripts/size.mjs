// Measures the compressed size of a first visit of each page, and fails if the largest exceeds the budget. Fonts have
// their own budget, and the playground has none. The browser tests measure the same in a browser.
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BUDGET_KB = 200;
const FONTS_BUDGET_KB = 60;

const dist = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} KB`;

/** The size of a file with an encoding; of the original file if it was not compressed. */
function sizeOf(path, suffix) {
  const { size } = statSync(dist(`${path}${suffix}`), { throwIfNoEntry: false }) ?? {};
  return size ?? statSync(dist(path)).size;
}

const manifest = JSON.parse(readFileSync(dist(".vite/manifest.json"), "utf8"));

/** The files of a chunk and of all its static imports. */
function filesOf(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  const { file, css = [], imports = [] } = manifest[name];
  return [file, ...css, ...imports.flatMap((each) => filesOf(each, seen))];
}

const shell = ["index.html", "theme.js", "favicon.svg", ...filesOf("index.html")];
// The board is part of the shell. The other pages are loaded when they are opened.
const pages = manifest["index.html"].dynamicImports.filter((name) =>
  /\/(index\.ts|\w+Page\.tsx)$/.test(name),
);
const loads = [["board", shell], ...pages.map((name) => [name, [...shell, ...filesOf(name)]])];

let largest = 0;
for (const [page, files] of loads) {
  const [brotli, gzip] = [".br", ".gz"].map((suffix) =>
    [...new Set(files)].reduce((sum, path) => sum + sizeOf(path, suffix), 0),
  );
  console.log(`${kilobytes(brotli)} brotli ${kilobytes(gzip)} gzip  ${page}`);
  largest = Math.max(largest, brotli, gzip);
}
const css = shell.filter((path) => path.endsWith(".css"));
const latin = css
  .flatMap((path) => [...readFileSync(dist(path), "utf8").matchAll(/[\w-]+\.woff2/g)])
  .map(([name]) => `assets/${name}`)
  .filter((path) => !path.includes("latin-ext"));
const fonts = latin.reduce((sum, path) => sum + statSync(dist(path)).size, 0);
console.log(`${kilobytes(largest)} of ${BUDGET_KB} KB is the largest first load`);
console.log(`${kilobytes(fonts)} of ${FONTS_BUDGET_KB} KB are its fonts`);
if (largest > BUDGET_KB * 1000 || fonts > FONTS_BUDGET_KB * 1000) process.exitCode = 1;

// Measures what a first visit of a page loads, gzipped, and holds it to the budget. The playground has no budget.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;

const dist = (path) => readFileSync(fileURLToPath(new URL(`../dist${path}`, import.meta.url)));
const weight = (path) => gzipSync(dist(path), { level: 9 }).length / 1000;

const html = dist("/index.html").toString();
const parts = [
  "/index.html",
  ...[...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]),
];
const total = parts.reduce((sum, path) => sum + weight(path), 0);
for (const path of parts) console.log(`${weight(path).toFixed(1).padStart(7)} KB  ${path}`);
console.log(`${total.toFixed(1).padStart(7)} KB  first load, gzipped, of ${BUDGET_KB} KB`);
if (total > BUDGET_KB) process.exitCode = 1;

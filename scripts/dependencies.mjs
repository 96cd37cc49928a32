// Looks at what the build takes from others: that its licences are ones we accept, that no crate
// came in which we decided against, and that every dependency of Cargo.toml is used.
//
// It reads the two lock files and what is unpacked already, so it needs no network beyond what a
// build needs. Known security holes are looked for by `scripts/advisories`; `npm audit` asks the
// network for those of the web's modules.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "..");

const deny = readFileSync(join(root, "deny.toml"), "utf8");

/** The text of a list in deny.toml. */
function listOf(name) {
  const found = deny.match(new RegExp(`^${name} = \\[\\n(.*?)^\\]`, "ms"));
  if (!found) throw new Error(`deny.toml has no list ${name}`);
  return found[1];
}

const ACCEPTED = new Set([
  ...[...listOf("allow").matchAll(/"([^"]+)"/g)].map(([, licence]) => licence),
  // The web's tools, its font and the data they carry.
  "BlueOak-1.0.0", "CC-BY-4.0", "OFL-1.1", "PSF-2.0", "Python-2.0",
]);

const REFUSED = new Map(
  [...listOf("deny").matchAll(/crate = "([^"]+)", reason = "([^"]+)"/g)].map(([, name, why]) => [name, why]),
);
if (ACCEPTED.size < 10 || REFUSED.size < 4) throw new Error("deny.toml was not understood");

const problems = [];

/** Whether an SPDX expression leaves us a choice that we accept. */
function isAccepted(expression) {
  const tokens = expression.replaceAll("/", " OR ").match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const term = () => {
    if (tokens[at] === "(") {
      at += 1;
      const inner = either();
      at += 1;
      return inner;
    }
    const name = tokens[at++];
    // An exception only ever grants more.
    if (tokens[at] === "WITH") at += 2;
    return ACCEPTED.has(name);
  };
  const both = () => {
    let all = term();
    while (tokens[at] === "AND") {
      at += 1;
      all = term() && all;
    }
    return all;
  };
  const either = () => {
    let any = both();
    while (tokens[at] === "OR") {
      at += 1;
      any = both() || any;
    }
    return any;
  };
  return either() && at === tokens.length;
}

function rustFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".rs"))
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8"))
    .join("\n");
}

const cargo = (...args) => execFileSync("cargo", args, { cwd: root, maxBuffer: 1 << 28, encoding: "utf8" });
const metadata = JSON.parse(cargo("metadata", "--format-version=1", "--locked"));
const own = metadata.packages.find((one) => one.name === "dispatch" && one.source === null);
const crates = metadata.packages.filter((one) => one.source !== null);

for (const { name, version, license } of crates) {
  if (!isAccepted(license ?? "none")) problems.push(`${name} ${version} has the licence ${license ?? "(none)"}`);
  if (REFUSED.has(name)) problems.push(`${name} came in: ${REFUSED.get(name)}`);
}

const sources = { normal: rustFiles("src"), dev: rustFiles("tests") + rustFiles("benches") };
for (const { name, rename, kind } of own.dependencies) {
  const identifier = (rename ?? name).replaceAll("-", "_");
  const used = new RegExp(`\\b${identifier}\\b`);
  const where = kind === "dev" ? sources.normal + sources.dev : sources.normal;
  if (!used.test(where)) problems.push(`Cargo.toml names ${name}, which is not used`);
}

let modules = 0;
for (const folder of ["web", "github-queries", "tests/mcp"]) {
  const lock = JSON.parse(readFileSync(join(root, folder, "package-lock.json"), "utf8"));
  for (const [path, { version, license }] of Object.entries(lock.packages)) {
    if (path === "") continue;
    modules += 1;
    if (!isAccepted(license ?? "none")) problems.push(`${path} ${version} has the licence ${license ?? "(none)"}`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`${crates.length} crates and ${modules} npm packages looked at, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

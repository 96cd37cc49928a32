// Generates the types of `schema.graphql` for the documents in `src`. With `--check` it writes nothing, and fails if
// the generated file is outdated.
import { minifyIntrospection, outputIntrospectionFile } from "@gql.tada/internal";
import { buildSchema, introspectionFromSchema } from "graphql";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const contract = process.env.DISPATCH_SCHEMA ?? at("../../schema.graphql");
const output = at("../src/lib/graphql/schema.d.ts");

const introspection = introspectionFromSchema(buildSchema(readFileSync(contract, "utf8")), {
  descriptions: false,
});
const types = outputIntrospectionFile(minifyIntrospection(introspection), {
  fileType: ".d.ts",
  shouldPreprocess: true,
});

if (!process.argv.includes("--check")) {
  writeFileSync(output, types);
} else if (readFileSync(output, "utf8") !== types) {
  console.error("src/lib/graphql/schema.d.ts is older than schema.graphql: run `npm run codegen`.");
  process.exit(1);
}

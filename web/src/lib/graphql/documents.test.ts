import { buildSchema, parse, validate } from "graphql";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { textOf } from "./document.ts";

// The type of a document does not show an unknown field, so each document is validated against the schema here.

const contract = process.env.DISPATCH_SCHEMA ?? resolve("../schema.graphql");
const schema = buildSchema(readFileSync(contract, "utf8"));

const modules: Record<string, Record<string, unknown>> = import.meta.glob(
  [
    "../../features/*/api/*.ts",
    "!../../**/*.test.ts",
    "../edits.ts",
    "../labelSchemes.ts",
    "../retry.ts",
    "../service.ts",
    "../sync.ts",
    "../liveQuery.ts",
    "../pauses.ts",
    "../automation.ts",
    "../tracking.ts",
  ],
  { eager: true },
);
const documents = Object.entries(modules).flatMap(([path, exported]) =>
  Object.entries(exported)
    .filter(([, value]) => (value as { kind?: unknown } | null)?.kind === "Document")
    .map(
      ([name, value]) =>
        [`${path} ${name}`, textOf(value as Parameters<typeof textOf>[0])] as const,
    )
    .filter(([, text]) => /^\s*(query|mutation|subscription)\b/.test(text)),
);

it("finds the documents", () => {
  expect(documents.length).toBeGreaterThan(8);
});

it.each(documents)("%s is valid", (_, text) => {
  expect(validate(schema, parse(text)).map((error) => error.message)).toEqual([]);
});

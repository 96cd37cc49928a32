import { vi } from "vitest";
import type { TadaDocumentNode } from "gql.tada";
import { ask } from "@/lib/graphql/client.ts";

// Shared by the tests of pages. `ask` must be mocked.

type Any = TadaDocumentNode<unknown, Record<string, unknown>>;

/** A document and its response. */
export type Answered = readonly [document: unknown, data: unknown];

/** Responds to each document with its data, or with the result of a function of the variables, which may be a promise. */
export function answer(...answers: readonly Answered[]): void {
  vi.mocked(ask).mockImplementation(async (document: Any, variables: Record<string, unknown>) => {
    const found = answers.find(([each]) => each === document);
    if (!found) return DOWN;
    const [, data] = found;
    const made: unknown =
      typeof data === "function" ? await (data as (given: unknown) => unknown)(variables) : data;
    return { data: made };
  });
}

export const DOWN = {
  failure: { code: "OFFLINE", message: "Dispatch cannot be reached." },
} as const;

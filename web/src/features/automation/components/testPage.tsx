import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import type { TadaDocumentNode } from "gql.tada";
import { VISITOR } from "@/lib/fixtures.ts";
import { ask } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";

// Shared by the tests of pages. `ask` must be mocked.

/** Opens an address before each test, as a visitor at noon, and cleans up after each. */
export function openBeforeEach(address: string): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-06-01T12:00:00.000Z"), toFake: ["Date"] });
    history.replaceState(null, "", address);
    viewer.set(VISITOR);
    HTMLElement.prototype.scrollIntoView = vi.fn();
  });
  afterEach(() => {
    cleanup();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.clearAllMocks();
    viewer.set(undefined);
  });
}

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

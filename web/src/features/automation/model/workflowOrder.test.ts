import { expect, it } from "vitest";
import type { Outcome } from "@/lib/outcome.ts";
import { mostUrgentFirst } from "./workflowOrder.ts";

it("sorts failing workflows first, then running ones, and keeps the order of the others", () => {
  const outcomes: Readonly<Record<string, Outcome>> = {
    a: "success",
    b: "waiting",
    c: "unknown",
    d: "failure",
    e: "running",
  };
  const names = Object.keys(outcomes);
  expect(mostUrgentFirst(names, (name) => outcomes[name] ?? "unknown")).toEqual([
    "d",
    "b",
    "e",
    "a",
    "c",
  ]);
  expect(names, "unchanged").toEqual(["a", "b", "c", "d", "e"]);
});

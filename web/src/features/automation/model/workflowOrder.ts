import type { Outcome } from "@/lib/outcome.ts";

const URGENCY: Readonly<Partial<Record<Outcome, number>>> = { failure: 2, running: 1, waiting: 1 };

/** Sorts workflows that fail first, then those that run or wait. The others keep their order. */
export const mostUrgentFirst = <Workflow>(
  workflows: readonly Workflow[],
  outcome: (workflow: Workflow) => Outcome,
): readonly Workflow[] =>
  [...workflows].sort((a, b) => (URGENCY[outcome(b)] ?? 0) - (URGENCY[outcome(a)] ?? 0));

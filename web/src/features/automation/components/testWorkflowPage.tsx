import { render, screen } from "@testing-library/react";
import { run } from "@/lib/automationFixtures.ts";
import { WorkflowQuery, type RunDetails, type Workflow } from "../api/workflow.ts";
import { job, workflow } from "../model/fixtures.ts";
import { answer, type Answered } from "./testPage.tsx";
import { WorkflowPage } from "./WorkflowPage.tsx";

/** A run with one job. */
export const details = (changes: Partial<RunDetails> = {}): RunDetails => ({
  ...run(),
  pullRequestNumber: null,
  jobs: [job()],
  artifacts: [],
  ...changes,
});

/** Renders the page of a workflow, and waits until it is loaded. `ask` must be mocked. */
export async function show(shown: Workflow | null = workflow(), ...others: readonly Answered[]) {
  answer([WorkflowQuery, { workflow: shown }], ...others);
  render(<WorkflowPage id="wfl_1" />);
  await screen.findAllByRole("heading", { level: 2 });
}

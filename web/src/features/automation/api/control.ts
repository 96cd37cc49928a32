import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";

export const SyncAutomation = graphql(`
  mutation SyncAutomation($input: SyncAutomationInput) {
    syncAutomation(input: $input) {
      results {
        repository
        error
      }
    }
  }
`);

export const RerunWorkflowRun = graphql(`
  mutation RerunWorkflowRun($input: RerunWorkflowRunInput!) {
    rerunWorkflowRun(input: $input) {
      run {
        id
      }
    }
  }
`);

export const RerunFailedJobs = graphql(`
  mutation RerunFailedJobs($input: RerunFailedJobsInput!) {
    rerunFailedJobs(input: $input) {
      run {
        id
      }
    }
  }
`);

export const CancelWorkflowRun = graphql(`
  mutation CancelWorkflowRun($input: CancelWorkflowRunInput!) {
    cancelWorkflowRun(input: $input) {
      run {
        id
      }
    }
  }
`);

export const DispatchWorkflow = graphql(`
  mutation DispatchWorkflow($input: DispatchWorkflow!) {
    dispatchWorkflow(input: $input) {
      results {
        error
        workflow {
          id
          repository {
            fullName
          }
        }
        run {
          id
          url
          number
        }
      }
    }
  }
`);

export type RunAction = "rerun" | "rerunFailed" | "cancel" | "forceCancel";

/** Sends an action for a run to GitHub. The stream delivers the changed run. */
export function control(action: RunAction, id: string): Promise<Answer<unknown>> {
  switch (action) {
    case "rerun":
      return change(RerunWorkflowRun, { input: { id } });
    case "rerunFailed":
      return change(RerunFailedJobs, { input: { id } });
    case "cancel":
      return change(CancelWorkflowRun, { input: { id, force: false } });
    case "forceCancel":
      return change(CancelWorkflowRun, { input: { id, force: true } });
  }
}

export type DispatchResult = ResultOf<
  typeof DispatchWorkflow
>["dispatchWorkflow"]["results"][number];

export type DispatchCommand = {
  readonly workflowIds: readonly string[];
  readonly ref: string;
  readonly inputs: readonly { readonly name: string; readonly value: string }[];
};

/** Starts workflows on a ref. Returns for each the started run, or the reason why it was not started. */
export async function dispatchWorkflows({
  workflowIds,
  ref,
  inputs,
}: DispatchCommand): Promise<Answer<readonly DispatchResult[]>> {
  const answer = await change(DispatchWorkflow, {
    input: { workflowIds: [...workflowIds], ref, inputs: [...inputs] },
  });
  return answer.failure ? answer : { data: answer.data.dispatchWorkflow.results };
}

/** Syncs the automation of all tracked repositories, or of one. Returns a result for each repository. */
export async function syncAutomation(
  repository?: string,
): Promise<Answer<readonly { readonly repository: string; readonly error: string | null }[]>> {
  const answer = await change(SyncAutomation, {
    input: repository === undefined ? null : { repository },
  });
  return answer.failure ? answer : { data: answer.data.syncAutomation.results };
}

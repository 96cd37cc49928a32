import { Ban, OctagonX, RotateCcw, RotateCw } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button, IconButton } from "@/components/Button.tsx";
import { notify } from "@/components/Notices.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import type { Run } from "@/lib/automation.ts";
import { isUnderWay, outcomeOf } from "@/lib/outcome.ts";
import { useMay } from "@/lib/viewer.ts";
import { control, type RunAction } from "../api/control.ts";

const WORDS: Readonly<Record<RunAction, { readonly verb: string; readonly done: string }>> = {
  rerun: { verb: "Re-run", done: "runs again" },
  rerunFailed: { verb: "Re-run failed jobs", done: "runs its failed jobs again" },
  cancel: { verb: "Cancel", done: "is being cancelled" },
  forceCancel: { verb: "Force-cancel", done: "is being cancelled by force" },
};

const ICONS: Readonly<Record<RunAction, ReactNode>> = {
  rerun: <RotateCw size={14} aria-hidden />,
  rerunFailed: <RotateCcw size={14} aria-hidden />,
  cancel: <Ban size={14} aria-hidden />,
  forceCancel: <OctagonX size={14} aria-hidden />,
};

/** The possible actions for a run in its state, the most frequent first. */
export function actionsOf(run: Pick<Run, "status" | "conclusion">): readonly RunAction[] {
  if (isUnderWay(run)) return ["cancel", "forceCancel"];
  return outcomeOf(run) === "failure" ? ["rerunFailed", "rerun"] : ["rerun"];
}

/** The action for a run in a list: failed jobs can be run again. */
export function RunAgainButton({ run, name }: { readonly run: Run; readonly name: string }) {
  const may = useMay("control");
  const { isBusy, submit } = useControl("rerunFailed", run, (message) => notify(message, "danger"));
  if (!may || outcomeOf(run) !== "failure") return null;
  return (
    <IconButton
      label={`Re-run failed jobs of ${name} #${run.number}`}
      disabled={isBusy}
      onClick={() => void submit()}
      className="-my-1.5"
    >
      <RotateCcw size={14} className={isBusy ? "animate-spin" : undefined} aria-hidden />
    </IconButton>
  );
}

function useControl(action: RunAction, run: Run, onRefused: (message: string) => void) {
  return useSubmit(
    async () => {
      const answer = await control(action, run.id);
      if (answer.failure) onRefused(`Run #${run.number}: ${answer.failure.message}`);
      return answer;
    },
    () => notify(`Run #${run.number} ${WORDS[action].done}.`),
  );
}

/** All actions for a run, with the error of the last one. */
export function RunActions({ run }: { readonly run: Run }) {
  const may = useMay("control");
  const [refusal, setRefusal] = useState<string>();
  if (!may) return null;
  return (
    <>
      <div className="flex flex-wrap gap-2">
        {actionsOf(run).map((action) => (
          <ActionButton key={action} action={action} run={run} onRefused={setRefusal} />
        ))}
      </div>
      {refusal !== undefined && (
        <p role="alert" className="mt-1 w-full text-board wrap-anywhere text-danger">
          {refusal}
        </p>
      )}
    </>
  );
}

function ActionButton({
  action,
  run,
  onRefused,
}: {
  readonly action: RunAction;
  readonly run: Run;
  readonly onRefused: (message: string | undefined) => void;
}) {
  const { isBusy, submit } = useControl(action, run, onRefused);
  const press = () => {
    onRefused(undefined);
    void submit();
  };
  return (
    <Button
      look={action === "cancel" || action === "forceCancel" ? "danger" : "plain"}
      disabled={isBusy}
      onClick={press}
      title={
        action === "forceCancel" ? "Also ends jobs that do not react to a cancellation" : undefined
      }
    >
      {ICONS[action]}
      {WORDS[action].verb}
    </Button>
  );
}

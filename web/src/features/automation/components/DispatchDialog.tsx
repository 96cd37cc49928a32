import { useState } from "react";
import { DialogForm } from "@/components/DialogForm.tsx";
import { TextField } from "@/components/TextField.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { dispatchWorkflows, type DispatchResult } from "../api/control.ts";
import type { Workflow } from "../api/workflow.ts";
import { DispatchResults } from "./DispatchResults.tsx";
import { DispatchTargets, type Target } from "./DispatchTargets.tsx";
import { InputField } from "./InputField.tsx";
import { initialValues, inputsOf, problemsOf, refProblem, type Values } from "../model/dispatch.ts";

/**
 * The form that starts a workflow on a ref with its inputs, in this repository and in others with the same workflow.
 */
export function DispatchDialog({
  workflow,
  onClose,
}: {
  readonly workflow: Workflow;
  readonly onClose: () => void;
}) {
  const inputs = workflow.triggers?.dispatch?.inputs ?? [];
  const targets: readonly Target[] = [
    { id: workflow.id, fullName: workflow.repository.fullName },
    ...workflow.siblings
      .filter(({ triggers }) => triggers?.dispatch)
      .map(({ id, repository: { fullName } }) => ({ id, fullName })),
  ];
  const [ref, setRef] = useState(workflow.repository.automation.defaultBranch);
  const [values, setValues] = useState<Values>(() => initialValues(inputs));
  const [chosen, setChosen] = useState<readonly string[]>([workflow.id]);
  const [isTried, setTried] = useState(false);
  const [isConfirming, setConfirming] = useState(false);
  const [results, setResults] = useState<readonly DispatchResult[]>();
  const problems = problemsOf(inputs, values);
  const wrongRef = refProblem(ref);
  const { isBusy, refusal, submit, clearRefusal } = useSubmit(
    () =>
      dispatchWorkflows({ workflowIds: chosen, ref: ref.trim(), inputs: inputsOf(inputs, values) }),
    setResults,
  );
  if (results)
    return <DispatchResults workflow={workflow.name} results={results} onClose={onClose} />;
  const send = () => {
    setTried(true);
    if (wrongRef !== undefined || Object.keys(problems).length > 0) return;
    if (chosen.length > 1 && !isConfirming) setConfirming(true);
    else void submit();
  };
  const edit = () => {
    setConfirming(false);
    clearRefusal();
  };
  return (
    <DialogForm
      title={`Run ${workflow.name}`}
      onClose={onClose}
      verb={isConfirming ? `Run in ${chosen.length} repositories` : "Run"}
      busyVerb="Starting…"
      busy={isBusy}
      isIncomplete={chosen.length === 0}
      problem={refusal}
      onSubmit={send}
    >
      <TextField
        label="Branch or tag"
        value={ref}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => {
          edit();
          setRef(event.target.value);
        }}
        problem={isTried ? wrongRef : undefined}
      />
      {inputs.map((input) => (
        <InputField
          key={input.name}
          input={input}
          value={values[input.name] ?? ""}
          problem={isTried ? problems[input.name] : undefined}
          onChange={(value) => {
            edit();
            setValues({ ...values, [input.name]: value });
          }}
        />
      ))}
      {targets.length > 1 && (
        <DispatchTargets
          targets={targets}
          chosen={chosen}
          onChange={(next) => {
            edit();
            setChosen(next);
          }}
        />
      )}
      {isConfirming && (
        <p role="status" className="rounded bg-warning-soft px-3 py-2 text-warning">
          {workflow.name} starts on {ref.trim()} in {chosen.length} repositories at once. Press
          again to start.
        </p>
      )}
    </DialogForm>
  );
}

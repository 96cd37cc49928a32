import { useId, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { DialogForm, Labelled } from "@/components/DialogForm.tsx";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Switch } from "@/components/Switch.tsx";
import { TextField } from "@/components/TextField.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { workflowAddress } from "@/lib/automation.ts";
import { Link } from "wouter";
import { dispatchWorkflows, type DispatchResult } from "../api/control.ts";
import type { DispatchInput, Workflow } from "../api/workflow.ts";
import { initialValues, inputsOf, problemsOf, refProblem, type Values } from "../model/dispatch.ts";

type Target = { readonly id: string; readonly fullName: string };

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
  if (results) return <Results workflow={workflow.name} results={results} onClose={onClose} />;
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
        <Targets
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

const SELECT =
  "mt-1 h-9 w-full rounded border border-line-strong bg-page px-2 text-body aria-invalid:border-danger";

/** The field for an input, depending on its type. */
function InputField({
  input,
  value,
  problem,
  onChange,
}: {
  readonly input: DispatchInput;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  const label = input.required ? `${input.name} (required)` : input.name;
  if (input.type === "BOOLEAN") {
    return (
      <Switch isOn={value === "true"} disabled={false} onChange={(isOn) => onChange(String(isOn))}>
        <span>
          <span className="font-medium text-ink">{input.name}</span>
          {input.description !== null && (
            <span className="block text-meta text-ink-faint">{input.description}</span>
          )}
        </span>
      </Switch>
    );
  }
  if (input.type === "CHOICE") {
    return (
      <Labelled label={label} htmlFor={id}>
        <select
          id={id}
          value={value}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-words`}
          onChange={(event) => onChange(event.target.value)}
          className={SELECT}
        >
          {!input.required && <option value="">–</option>}
          {input.options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
        <p
          id={`${id}-words`}
          className={`mt-1 text-meta empty:hidden ${problem === undefined ? "text-ink-faint" : "text-danger"}`}
        >
          {problem ?? input.description}
        </p>
      </Labelled>
    );
  }
  return (
    <TextField
      label={label}
      value={value}
      inputMode={input.type === "NUMBER" ? "decimal" : "text"}
      hint={input.description ?? undefined}
      problem={problem}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function Targets({
  targets,
  chosen,
  onChange,
}: {
  readonly targets: readonly Target[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const isAll = chosen.length === targets.length;
  return (
    <fieldset className="rounded border border-line px-3 pt-1 pb-2">
      <legend className="px-1 text-board font-medium">Repositories</legend>
      <div className="max-h-40 overflow-y-auto">
        {targets.map(({ id, fullName }) => (
          <label key={id} className="flex min-h-7 items-center gap-2 text-board">
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, id] : chosen.filter((each) => each !== id),
                )
              }
              className="size-4 accent-(--accent)"
            />
            {fullName}
          </label>
        ))}
      </div>
      <Button
        look="quiet"
        className="mt-1"
        onClick={() =>
          onChange(isAll ? targets.slice(0, 1).map(({ id }) => id) : targets.map(({ id }) => id))
        }
      >
        {isAll ? "Only this one" : `All ${targets.length}`}
      </Button>
    </fieldset>
  );
}

/** The result for each repository, with the reason if GitHub rejected it. */
function Results({
  workflow,
  results,
  onClose,
}: {
  readonly workflow: string;
  readonly results: readonly DispatchResult[];
  readonly onClose: () => void;
}) {
  const refused = results.filter(({ error }) => error !== null).length;
  return (
    <Dialog title={`Run ${workflow}`} onClose={onClose}>
      <p role="status" className="mb-2 text-ink-soft">
        {refused === 0
          ? `Started in ${results.length === 1 ? "1 repository" : `${results.length} repositories`}.`
          : `Started in ${results.length - refused} of ${results.length}.`}
      </p>
      <ul className="divide-y divide-line">
        {results.map(({ workflow: each, run, error }) => (
          <li key={each.id} className="flex flex-wrap items-center gap-2 py-2">
            <OutcomeMark
              outcome={error === null ? "success" : "failure"}
              label={error === null ? "Started" : "Refused"}
            />
            <span className="grow font-medium">{each.repository.fullName}</span>
            {run && (
              <Link
                href={workflowAddress(each.id, run.id)}
                onClick={onClose}
                className="rounded text-accent underline underline-offset-2"
              >
                Run #{run.number}
              </Link>
            )}
            {error !== null && (
              <p role="alert" className="w-full wrap-anywhere text-danger">
                {error}
              </p>
            )}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

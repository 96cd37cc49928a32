import { useId, useState } from "react";
import { classes } from "@/components/classes.ts";
import { DialogForm, Labelled } from "@/components/DialogForm.tsx";
import { notify } from "@/components/Notices.tsx";
import { TextField } from "@/components/TextField.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { pauses, pauseSubject, pauseWork, type PauseScope } from "@/lib/pauses.ts";
import { isSameName } from "@/lib/issues.ts";
import { useSignal } from "@/lib/signal.ts";

const SCOPES = [
  { scope: "EVERYTHING", words: "Everything" },
  { scope: "REPOSITORY", words: "A repository" },
  { scope: "LANE", words: "A lane" },
  { scope: "AGENT", words: "An agent" },
] as const satisfies readonly { readonly scope: PauseScope; readonly words: string }[];

const TIMES = [
  { minutes: 15, words: "15 min" },
  { minutes: 60, words: "1 h" },
  { minutes: 480, words: "8 h" },
  { minutes: null, words: "Until resumed" },
] as const;

/** The maximum length of a reason on the server. */
const LONGEST_REASON = 500;

type Props = {
  /** The repositories, lanes and agents that can be paused. */
  readonly agents: readonly string[];
  readonly lanes: readonly string[];
  readonly repositories: readonly string[];
  readonly onClose: () => void;
};

/** The form for a pause: its scope, reason and duration. */
export function PauseDialog({ agents, lanes, repositories, onClose }: Props) {
  const [scope, setScope] = useState<PauseScope>("EVERYTHING");
  const [chosen, setChosen] = useState("");
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState<number | null>(60);
  const [stopsHolders, setStopsHolders] = useState(false);
  const field = useId();
  const paused = useSignal(pauses);

  const subjects = { EVERYTHING: [], REPOSITORY: repositories, LANE: lanes, AGENT: agents }[scope];
  const needsSubject = scope !== "EVERYTHING";
  const subject = needsSubject ? (subjects.find((name) => name === chosen) ?? subjects[0]) : null;
  const isPaused = paused.some(
    (pause) => pause.scope === scope && isSameName(pause.subject ?? "", subject ?? ""),
  );
  const given = reason.trim();
  const { isBusy, refusal, submit } = useSubmit(
    () =>
      pauseWork({
        scope,
        subject: subject ?? null,
        stopsHolders,
        reason: given === "" ? null : given,
        forMinutes: minutes,
      }),
    (pause) => {
      notify(`Agents are not served ${pauseSubject(pause)} any more.`);
      onClose();
    },
  );

  return (
    <DialogForm
      title="Pause work"
      onClose={onClose}
      className="max-w-lg"
      verb="Pause"
      busyVerb="Pausing…"
      busy={isBusy}
      isIncomplete={subject === undefined}
      problem={refusal === undefined ? undefined : `Not paused: ${refusal}`}
      onSubmit={() => void submit()}
    >
      <p className="text-board text-ink-soft">
        Agents are served nothing of it. What they hold is finished first, unless you tell them to
        stop.
      </p>
      <Options
        legend="What"
        name={`${field}-scope`}
        options={SCOPES.map(({ scope: value, words }) => ({ value, words }))}
        chosen={scope}
        onChoose={setScope}
      />
      {needsSubject && (
        <Labelled label={SUBJECTS[scope]} htmlFor={`${field}-subject`}>
          {subjects.length === 0 ? (
            <p className="mt-1 text-board text-ink-faint">None is known.</p>
          ) : (
            <select
              id={`${field}-subject`}
              value={subject ?? ""}
              onChange={(event) => setChosen(event.target.value)}
              className="mt-1 block h-9 w-full rounded border border-line-strong bg-page px-2 text-body"
            >
              {subjects.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Labelled>
      )}
      <Options
        legend="How long"
        name={`${field}-time`}
        options={TIMES.map(({ minutes: value, words }) => ({ value, words }))}
        chosen={minutes}
        onChoose={setMinutes}
      />
      <TextField
        label="Why"
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        maxLength={LONGEST_REASON}
        placeholder="Shown to people and agents (optional)"
      />
      <label className="flex min-h-6 items-center gap-2 text-board">
        <input
          type="checkbox"
          checked={stopsHolders}
          onChange={(event) => setStopsHolders(event.target.checked)}
          className="size-4 accent-(--accent)"
        />
        Tell holders to stop
      </label>
      {isPaused && (
        <p className="text-board text-warning">
          {capital(pauseSubject({ scope, subject: subject ?? null }))} is paused already; this
          changes that pause.
        </p>
      )}
    </DialogForm>
  );
}

const SUBJECTS = { REPOSITORY: "Repository", LANE: "Lane", AGENT: "Agent" } as const;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A choice between a few options, shown side by side. */
function Options<Value extends string | number | null>({
  legend,
  name,
  options,
  chosen,
  onChoose,
}: {
  readonly legend: string;
  readonly name: string;
  readonly options: readonly { readonly value: Value; readonly words: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <fieldset>
      <legend className="text-board font-medium">{legend}</legend>
      <div className="mt-1 grid grid-cols-4 gap-1.5 max-sm:grid-cols-2">
        {options.map(({ value, words }) => (
          <label
            key={words}
            className={classes(
              "flex h-8 items-center justify-center rounded border px-2 text-center text-board transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-accent",
              value === chosen
                ? "border-accent bg-accent-soft font-medium text-ink"
                : "border-line-strong text-ink-soft hover:bg-column",
            )}
          >
            <input
              type="radio"
              name={name}
              checked={value === chosen}
              onChange={() => onChoose(value)}
              data-first={value === chosen || undefined}
              className="sr-only"
            />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

import { useId } from "react";
import { Labelled } from "@/components/DialogForm.tsx";
import { Switch } from "@/components/Switch.tsx";
import { TextField } from "@/components/TextField.tsx";
import type { DispatchInput } from "../api/workflow.ts";

const SELECT =
  "mt-1 h-9 w-full rounded border border-line-strong bg-page px-2 text-body aria-invalid:border-danger";

/** The field for an input, depending on its type. */
export function InputField({
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

import { useId, type ComponentProps, type ReactNode } from "react";
import { Labelled } from "./DialogForm.tsx";

type Props = Omit<ComponentProps<"input">, "id" | "className"> & {
  readonly label: string;
  readonly hint?: ReactNode;
  /** Why the value was rejected. Shown in place of the hint. */
  readonly problem?: string | undefined;
};

/** One line of text in a form, with its label above and its hint or problem below. */
export function TextField({ label, hint, problem, ...input }: Props) {
  const id = useId();
  const words = problem ?? hint;
  return (
    <Labelled label={label} htmlFor={id}>
      <input
        id={id}
        autoComplete="off"
        aria-invalid={problem !== undefined}
        aria-describedby={words === undefined ? undefined : `${id}-words`}
        className="mt-1 h-9 w-full rounded border border-line-strong bg-page px-2.5 text-body placeholder:text-ink-faint aria-invalid:border-danger"
        {...input}
      />
      {words !== undefined && (
        <p
          id={`${id}-words`}
          role={problem === undefined ? undefined : "alert"}
          className={`mt-1 text-meta wrap-anywhere ${problem === undefined ? "text-ink-faint" : "text-danger"}`}
        >
          {words}
        </p>
      )}
    </Labelled>
  );
}

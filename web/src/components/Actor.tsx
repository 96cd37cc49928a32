import type { Viewer } from "@/lib/viewer.ts";
import { classes } from "./classes.ts";

type Props = {
  readonly name: string;
  readonly kind: Viewer["kind"];
  readonly className?: string;
};

/** The name of an actor with the kind of caller, because callers choose their own name. */
export function Actor({ name, kind, className }: Props) {
  return (
    <span
      className={classes("truncate font-medium", className)}
      title={`${name} (${kind.toLowerCase()})`}
    >
      {name} <ActorKind name={name} kind={kind} />
    </span>
  );
}

/** The kind of caller behind a name, unless the name is the same word. */
export function ActorKind({ name, kind, className }: Props) {
  const word = kind.toLowerCase();
  if (word === name) return null;

  return <span className={classes("text-meta font-normal text-ink-faint", className)}>{word}</span>;
}

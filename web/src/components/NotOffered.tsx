import { openSignIn, useWhyDenied, viewer, type Action } from "@/lib/viewer.ts";
import { useSignal } from "@/lib/signal.ts";
import { classes } from "./classes.ts";

/**
 * Stands where something would be offered to others: says why it is not, and leads to the sign-in where that helps.
 * Nothing where it is offered, or while the viewer is not known yet.
 */
export function NotOffered({
  action,
  className,
}: {
  readonly action: Action;
  readonly className?: string;
}) {
  const who = useSignal(viewer);
  const why = useWhyDenied(action);
  if (!who || why === undefined) return null;
  return (
    <p className={classes("text-meta text-ink-faint", className)}>
      {who.canSignIn ? (
        <button
          type="button"
          onClick={openSignIn}
          className="-mx-1 h-6 rounded px-1 text-accent hover:underline"
        >
          {why}
        </button>
      ) : (
        why
      )}
    </p>
  );
}

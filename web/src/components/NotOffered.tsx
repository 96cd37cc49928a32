import { openSignIn, useWhyDenied, viewer, type Action } from "@/lib/viewer.ts";
import { useSignal } from "@/lib/signal.ts";
import { classes } from "./classes.ts";

/**
 * Shown instead of an action that the viewer may not use: the reason, and a link to sign in if that helps. Renders
 * nothing if the viewer may use the action or is not known yet.
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

import { Button } from "@/components/Button.tsx";

/** A repository in which the workflow can be started, by the id of the workflow there. */
export type Target = { readonly id: string; readonly fullName: string };

/** The choice of the repositories in which a workflow is started. */
export function DispatchTargets({
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

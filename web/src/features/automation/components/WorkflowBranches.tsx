import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Panel } from "@/components/Panel.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import type { Workflow } from "../api/workflow.ts";

/** The branches of a workflow with their latest runs. Choosing one filters the runs of the page. */
export function WorkflowBranches({
  workflow: { branches },
  chosen,
  onChoose,
}: {
  readonly workflow: Workflow;
  readonly chosen: string;
  readonly onChoose: (branch: string) => void;
}) {
  if (branches.length === 0) return null;
  return (
    <Panel title="Branches" count={branches.length}>
      <ul className="-mx-2 max-h-72 overflow-y-auto">
        {branches.map(({ branch, latestRun }) => (
          <li key={branch}>
            <button
              type="button"
              aria-pressed={branch === chosen}
              onClick={() => onChoose(branch === chosen ? "" : branch)}
              className="flex h-7 w-full items-center gap-2 rounded px-2 text-left hover:bg-column aria-pressed:bg-accent-soft"
            >
              <OutcomeMark outcome={outcomeOf(latestRun)} label={outcomeWords(latestRun)} />
              <span className="min-w-0 grow truncate">{branch}</span>
              <RelativeTime instant={latestRun.createdAt} />
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

import { Link, useLocation } from "wouter";
import { Panel } from "@/components/Panel.tsx";
import { workflowAddress } from "@/lib/automation.ts";
import { duration } from "@/lib/time.ts";
import type { Workflow } from "../api/workflow.ts";
import { rateColor, rateWords } from "../model/strip.ts";
import { RunStrip } from "./RunStrip.tsx";

/** The same workflow file in other repositories, the lowest success rate first. */
export function WorkflowSiblings({ workflow: { siblings } }: { readonly workflow: Workflow }) {
  const [, navigate] = useLocation();
  if (siblings.length === 0) return null;
  const sorted = [...siblings].sort((a, b) => (a.successRate ?? 2) - (b.successRate ?? 2));
  return (
    <Panel title="In other repositories" count={siblings.length}>
      <ul className="flex flex-col gap-1.5">
        {sorted.map((sibling) => (
          <li
            key={sibling.id}
            className="grid grid-cols-[minmax(0,1fr)_3rem_3.5rem] items-baseline gap-x-3"
          >
            <Link
              href={workflowAddress(sibling.id)}
              className="min-w-0 truncate rounded py-0.5 hover:underline"
            >
              {sibling.repository.fullName}
            </Link>
            <span className={`tabular text-right ${rateColor(sibling.successRate) ?? ""}`}>
              {rateWords(sibling.successRate)}
            </span>
            <span className="tabular text-right text-meta text-ink-faint">
              {duration((sibling.averageDuration ?? 0) * 1_000)}
            </span>
            <div className="col-span-3">
              <RunStrip
                name={sibling.repository.fullName}
                runs={sibling.recentRuns}
                onOpen={(run) => navigate(workflowAddress(sibling.id, run))}
              />
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

import { ChevronRight, FolderGit2 } from "lucide-react";
import { classes } from "@/components/classes.ts";
import { AgentGlyph } from "@/components/badges.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { PRIORITIES, statusTitle } from "@/lib/statuses.ts";
import { swimlaneKey } from "../model/collapsed.ts";
import { swimlaneTitle, type Swimlane } from "../model/swimlanes.ts";
import type { Group } from "../model/layout.ts";
import { useBoard } from "./context.ts";

/** The head of a swimlane: its title, the number of its cards, and the button that collapses it. */
export function SwimlaneHead({
  swimlane,
  group,
  collapsed,
}: {
  readonly swimlane: Swimlane;
  readonly group: Group;
  readonly collapsed: boolean;
}) {
  const { collapse } = useBoard();
  const words = [...swimlane.cells].map(([status, ids]) => `${statusTitle(status)} ${ids.length}`);
  return (
    <h3 className="bg-column py-1">
      <button
        type="button"
        aria-expanded={!collapsed}
        title={words.join(" · ")}
        onClick={() => collapse.toggle(swimlaneKey(group, swimlane.key))}
        className="flex h-8 w-full items-center gap-2 rounded border border-line bg-raised px-2 text-board font-semibold transition-colors hover:border-line-strong"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={classes("text-ink-faint transition-transform", !collapsed && "rotate-90")}
        />
        <Mark group={group} name={swimlane.key} />
        <span className="truncate">{swimlaneTitle(group, swimlane.key)}</span>
        <span className="tabular text-meta font-normal text-ink-faint">
          {swimlane.count.toLocaleString()}
          <span className="sr-only"> issues</span>
        </span>
      </button>
    </h3>
  );
}

function Mark({ group, name }: { readonly group: Group; readonly name: string }) {
  const priority = PRIORITIES.find((each) => each === name);
  if (group === "priority") return priority ? <PriorityGlyph priority={priority} /> : null;
  if (name === "") return null;
  if (group === "agent") return <AgentGlyph name={name} />;
  return <FolderGit2 size={14} aria-hidden className="text-ink-faint" />;
}

import { useLocation, useSearch } from "wouter";
import { Panel } from "@/components/Panel.tsx";
import { classes } from "@/components/classes.ts";
import { AgentBadge } from "@/components/badges.tsx";
import { Timeline, type BarKind } from "@/components/Timeline.tsx";
import { useNow } from "@/lib/time.ts";
import type { Agent, Run } from "../api/agents.ts";
import { lengthWords, timelineSegmentsOf, type Kind } from "../model/timelineSegments.ts";

const DAY = 24 * 60 * 60_000;

/** The choices for the length of the axis, in days. */
const REACHES = [
  { days: 1, title: "24 hours" },
  { days: 7, title: "7 days" },
  { days: 30, title: "30 days" },
] as const;

const KINDS: Readonly<Record<Kind, BarKind>> = {
  held: { title: "Lease or run now", color: "var(--accent)", look: "open" },
  finished: { title: "Finished", color: "var(--done)", look: "solid" },
  blocked: { title: "Blocked", color: "var(--ready)", look: "hollow" },
  failed: { title: "Failed or expired", color: "var(--blocked)", look: "sharp" },
  returned: { title: "Released", color: "var(--backlog)", look: "hollow" },
};

type Props = { readonly agents: readonly Agent[]; readonly runs: readonly Run[] };

/** The leases and runs of agents over the last days, one row for each agent. The number of days is in the address. */
export function WorkTimeline({ agents, runs }: Props) {
  const now = useNow();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const wished = Number(new URLSearchParams(search).get("days"));
  const days = REACHES.find((reach) => reach.days === wished)?.days ?? 1;
  const span = { from: now - days * DAY, to: now };
  const rows = agents.map((agent) => ({
    name: agent.name,
    head: <AgentBadge name={agent.name} />,
    bars: timelineSegmentsOf(agent, runs, now)
      .filter(({ to }) => to > span.from)
      .map((segment) => ({ ...segment, words: `${segment.words} · ${lengthWords(segment)}` })),
  }));
  const isEmpty = rows.every(({ bars }) => bars.length === 0);
  return (
    <Panel title="Work over time" className="mt-3">
      <Timeline
        title={`Work of agents in the last ${days === 1 ? "24 hours" : `${days} days`}`}
        span={span}
        rows={rows}
        kinds={KINDS}
        onOpen={({ issueId, opens }) => {
          if (issueId !== undefined && opens) navigate(`/board?issue=${issueId}`);
        }}
      >
        <div
          role="group"
          aria-label="Period"
          className="flex gap-0.5 rounded border border-line p-0.5"
        >
          {REACHES.map((reach) => (
            <button
              key={reach.days}
              type="button"
              aria-pressed={reach.days === days}
              onClick={() => {
                navigate(reach.days === 1 ? path : `${path}?days=${reach.days}`, { replace: true });
              }}
              className={classes(
                "h-5.5 rounded-[4px] px-2 text-meta transition-colors",
                reach.days === days ? "bg-line text-ink" : "text-ink-soft hover:text-ink",
              )}
            >
              {reach.title}
            </button>
          ))}
        </div>
      </Timeline>
      {isEmpty && (
        <p className="mt-2 text-ink-faint">
          No agent had a lease or reported a run{" "}
          {days === 1 ? "in the last 24 hours" : `in the last ${days} days`}.
        </p>
      )}
    </Panel>
  );
}

import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Timeline, type BarKind } from "@/components/Timeline.tsx";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { useNow } from "@/lib/time.ts";
import type { Job } from "../api/workflow.ts";
import { rowsOf, spanOf, type JobKind } from "../model/jobs.ts";

const KINDS: Readonly<Record<JobKind, BarKind>> = {
  queued: { title: "Waiting", color: "var(--ready)", look: "hollow" },
  running: { title: "Running", color: "var(--in-progress)", look: "open" },
  succeeded: { title: "Succeeded", color: "var(--done)", look: "solid" },
  failed: { title: "Failed", color: "var(--blocked)", look: "sharp" },
  stopped: { title: "Cancelled", color: "var(--backlog)", look: "hollow" },
};

/** The jobs of a run over time. A click on one opens its page on GitHub. */
export function RunJobs({ jobs }: { readonly jobs: readonly Job[] }) {
  const now = useNow();
  if (jobs.length === 0) return <p className="text-ink-faint">No jobs yet.</p>;
  const rows = rowsOf(jobs, now);
  const span = spanOf(rows);
  const urls = new Map(jobs.map(({ id, url }) => [id, url]));
  if (!span) return <p className="text-ink-faint">Every job was skipped.</p>;
  return (
    <Timeline
      title="Jobs over time"
      span={span}
      kinds={KINDS}
      onOpen={({ jobId }) => {
        const url = urls.get(jobId);
        if (url !== undefined) window.open(url, "_blank", "noreferrer,noopener");
      }}
      rows={rows.map(({ job, bars }) => ({
        name: job.name,
        head: (
          <span className="flex min-w-0 items-center gap-1.5 text-board" title={job.name}>
            <OutcomeMark outcome={outcomeOf(job)} label={outcomeWords(job)} size={12} />
            <span className="truncate">{job.name}</span>
          </span>
        ),
        bars,
      }))}
    />
  );
}

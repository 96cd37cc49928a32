import { duration } from "@/lib/time.ts";
import { outcomeOf } from "@/components/RunStatus.tsx";
import type { Run } from "../api/agents.ts";

const SHOWN = 32;
const HEIGHT = 28;

const lengthOf = (run: Run): number =>
  run.finishedAt === null ? 0 : Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt));

const COLORS = { good: "var(--done)", bad: "var(--blocked)", open: "var(--ready)" } as const;

/** The last runs of an agent as a strip of bars: as high as they took long, coloured by how they ended. */
export function RunStrip({ name, runs }: { readonly name: string; readonly runs: readonly Run[] }) {
  const shown = runs.slice(0, SHOWN).reverse();
  const longest = Math.max(...shown.map(lengthOf), 1);
  const bad = shown.filter((run) => outcomeOf(run.status) === "bad").length;
  return (
    <svg
      viewBox={`0 0 ${SHOWN * 8} ${HEIGHT}`}
      className="mt-3 h-7 w-full border-b border-line"
      preserveAspectRatio="xMinYMax meet"
      role="img"
      aria-label={`Last ${shown.length} runs of ${name}, ${bad} failed`}
    >
      {shown.map((run, index) => {
        const outcome = outcomeOf(run.status);
        // A failed run also differs in shape, for those who do not see its colour.
        const height = 4 + (HEIGHT - 5) * Math.sqrt(lengthOf(run) / longest);
        return (
          <rect
            key={run.id}
            x={index * 8 + 1}
            y={HEIGHT - 1 - height}
            width="6"
            height={height}
            rx={outcome === "bad" ? 0 : 2}
            fill={COLORS[outcome]}
            stroke={outcome === "bad" ? "var(--ink)" : "none"}
            strokeWidth="1"
          >
            <title>{`${run.runType}: ${run.status}, ${duration(lengthOf(run))}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

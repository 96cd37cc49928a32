import { Meter } from "@/components/Meter.tsx";
import { Panel } from "@/components/Panel.tsx";
import type { Queue } from "../api/queue.ts";

const leases = (count: number): string => `${count} ${count === 1 ? "lease" : "leases"}`;

/** The current work in progress and its limits. */
export function Limits({ limits }: { readonly limits: Queue["workLimits"] }) {
  const { held, lanes, perAgent, perRepository, waitingForHuman } = limits;
  const others = [
    perAgent !== null && `${leases(perAgent)} for each agent`,
    perRepository !== null && `${leases(perRepository)} in each repository`,
  ].filter((each) => each !== false);
  const hasLimit =
    others.length > 0 ||
    waitingForHuman.limit !== null ||
    lanes.some(({ limit }) => limit !== null);
  return (
    <Panel
      title="Work in progress"
      count={held}
      hint={hasLimit ? "Current amounts and their limits." : "Current amounts. No limits are set."}
    >
      <dl className="flex flex-col gap-2">
        {lanes.map(({ lane, issues, limit }) => (
          <Meter key={lane} name={`leases in lane ${lane}`} amount={issues} limit={limit} />
        ))}
        <Meter
          name="issues in review or blocked"
          amount={waitingForHuman.issues}
          limit={waitingForHuman.limit}
        />
      </dl>
      {others.length > 0 && (
        <p className="mt-2 text-meta text-ink-faint">At most {others.join(", ")}.</p>
      )}
    </Panel>
  );
}

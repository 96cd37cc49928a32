import { Meter } from "@/components/Meter.tsx";
import { Panel } from "@/components/Panel.tsx";
import type { Queue } from "../api/queue.ts";

/** The current work in progress and its limits. */
export function Limits({ limits }: { readonly limits: Queue["workLimits"] }) {
  const { held, lanes, perAgent, perRepository, waitingForHuman } = limits;
  const others = [
    perAgent !== null && `${perAgent} an agent`,
    perRepository !== null && `${perRepository} a repository`,
  ].filter((each) => each !== false);
  return (
    <Panel title="In progress" count={held}>
      <dl className="flex flex-col gap-2">
        {lanes.map(({ lane, issues, limit }) => (
          <Meter key={lane} name={lane} amount={issues} limit={limit} />
        ))}
        <Meter
          name="waiting for a person"
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

import { useMemo, type ReactNode } from "react";
import { ConnectionPill } from "@/components/ConnectionPill.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { PauseBanner } from "@/components/PauseBanner.tsx";
import { EmptyState } from "@/components/states.tsx";
import { TopBar } from "@/components/TopBar.tsx";
import { Changes } from "../api/changes.ts";
import { queueQuery, type Choices } from "../api/queue.ts";
import { Repairs } from "../api/repair.ts";
import { type Address } from "../model/address.ts";
import { Changing } from "./Changing.tsx";
import { Decisions } from "./Decisions.tsx";
import { Doctor } from "./Doctor.tsx";
import { Limits } from "./Limits.tsx";
import { Ranked } from "./Ranked.tsx";
import { Withheld } from "./Withheld.tsx";

/** The queue of one agent. The `key` remounts it for another address. */
export function QueueBody({
  address,
  known,
  agents,
  controls,
  onEveryone,
}: {
  readonly address: Address;
  /** Whether the list of agents is loaded. */
  readonly known: boolean;
  /** The agents to which an issue can be assigned. */
  readonly agents: Choices["agents"];
  readonly controls: ReactNode;
  readonly onEveryone: (everyone: boolean) => void;
}) {
  const query = useMemo(
    () => queueQuery(address),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the component is remounted for another address
    [],
  );
  const repairs = useMemo(() => new Repairs(), []);
  const changes = useMemo(() => new Changes(), []);
  if (address.agent === "") return <NoAgent controls={controls} known={known} />;
  return (
    <LivePage title="Queue" query={query} controls={controls} banner={<PauseBanner />}>
      {(data) => {
        const ranked = data.queue.filter(({ rank }) => rank !== null);
        const withheld = data.queue.filter(({ rank }) => rank === null);
        const lanes = data.workLimits.lanes.map(({ lane }) => lane);
        const shared = { usualLane: lanes[0], changes };
        return (
          <div className="mx-auto grid max-w-7xl items-start gap-3 p-4 max-sm:p-3 lg:grid-cols-[minmax(0,1fr)_25rem]">
            <div className="flex min-w-0 flex-col gap-3">
              <Ranked
                agent={address.agent}
                ranked={ranked}
                withheld={withheld.length}
                {...shared}
              />
              <Withheld withheld={withheld} {...shared} onRetried={() => query.refresh()} />
            </div>
            <div className="flex min-w-0 flex-col gap-3">
              <Doctor doctor={data.queueDoctor} repairs={repairs} />
              <Limits limits={data.workLimits} />
              <Decisions
                agent={address.agent}
                everyone={address.everyone}
                decisions={data.workDecisions.nodes}
                named={data.queue.map(({ issue }) => issue)}
                onEveryone={onEveryone}
              />
            </div>
            <Changing
              changes={changes}
              queue={data.queue}
              agents={agents}
              lanes={lanes}
              onChanged={() => query.refresh()}
            />
          </div>
        );
      }}
    </LivePage>
  );
}

/** Shown when no agent is selected: the agents are not loaded yet, or there are none. */
function NoAgent({ controls, known }: { readonly controls: ReactNode; readonly known: boolean }) {
  return (
    <div className="flex min-h-0 min-w-0 grow flex-col">
      <TopBar title="Queue">
        {known && controls}
        <span className="grow" />
        <ConnectionPill />
      </TopBar>
      <PauseBanner />
      <main aria-label="Queue" className="min-h-0 grow">
        {known && (
          <EmptyState title="No agents yet">
            The queue shows which issues an agent is served, and in which order. An agent is listed
            when it has asked for work, when an issue has its label, such as{" "}
            <code>agent/claude</code>, or when the setting <code>AGENTS</code> names it.
          </EmptyState>
        )}
      </main>
    </div>
  );
}

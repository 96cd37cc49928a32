import { ChevronsUpDown, CirclePause, Layers } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { ConnectionPill } from "@/components/ConnectionPill.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { AgentGlyph } from "@/components/badges.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { PauseBanner } from "@/components/PauseBanner.tsx";
import { Picker } from "@/components/Picker.tsx";
import { EmptyState } from "@/components/states.tsx";
import { TopBar } from "@/components/TopBar.tsx";
import { useCommands } from "@/lib/commands.ts";
import { useKeys } from "@/lib/keys.ts";
import { useSignal } from "@/lib/signal.ts";
import { useMay } from "@/lib/viewer.ts";
import { Changes } from "../api/changes.ts";
import { choicesQuery, queueQuery, type Choices } from "../api/queue.ts";
import { Repairs } from "../api/repair.ts";
import { addressOfSearch, searchOfAddress, type Address } from "../model/address.ts";
import { Changing } from "./Changing.tsx";
import { Decisions } from "./Decisions.tsx";
import { Doctor } from "./Doctor.tsx";
import { Limits } from "./Limits.tsx";
import { Ranked } from "./Ranked.tsx";
import { changeRow, navigateRows } from "./rows.ts";
import { Withheld } from "./Withheld.tsx";

// Rarely wanted: it comes when it is.
const PauseDialog = lazy(async () => ({
  default: (await import("./PauseDialog.tsx")).PauseDialog,
}));

/** The agent that was looked at last in this browser. */
const LAST = "dispatch-queue-agent";

const EVERY_LANE = "Every claimable lane";

type Choosing = "agent" | "lane" | "pause" | undefined;

/** What an agent would be given next and why, what is kept back and why, and what is wrong with the queue. */
export function QueuePage() {
  const [path, navigate] = useLocation();
  const asked = addressOfSearch(useSearch());
  const choosable = useMemo(() => choicesQuery(), []);
  useEffect(() => choosable.open(), [choosable]);
  const { data: choices, failure } = useSignal(choosable.state);
  const address = { ...asked, agent: asked.agent || usualAgent(choices) };
  const [choosing, setChoosing] = useState<Choosing>();

  const mayPause = useMay("pause");

  const go = (next: Address) => {
    if (next.agent !== "") localStorage.setItem(LAST, next.agent);
    navigate(`${path}?${searchOfAddress(next)}`, { replace: true });
  };
  useKeys((event) => {
    if (event.key === "a" || event.key === "f") setChoosing("agent");
    else if (event.key === "l") setChoosing("lane");
    else if (event.key === "p" && mayPause) setChoosing("pause");
    else if (event.key === "c") return changeRow();
    else return navigateRows(event.key);
    return true;
  });
  useCommands(() => [
    {
      key: "agent",
      group: "Queue",
      text: "Choose the agent",
      hint: "a",
      run: () => setChoosing("agent"),
    },
    {
      key: "lane",
      group: "Queue",
      text: "Choose the lane",
      hint: "l",
      run: () => setChoosing("lane"),
    },
    ...(mayPause
      ? [
          {
            key: "pause",
            group: "Queue",
            text: "Pause work",
            hint: "p",
            run: () => setChoosing("pause"),
          },
        ]
      : []),
  ]);

  const known = choices !== undefined || failure !== undefined || asked.agent !== "";
  const controls = (
    <>
      <Control label="Agent" keys="a" onOpen={() => setChoosing("agent")}>
        {address.agent === "" ? (
          "Choose an agent"
        ) : (
          <>
            <AgentGlyph name={address.agent} />
            {address.agent}
          </>
        )}
      </Control>
      <Control label="Lane" keys="l" onOpen={() => setChoosing("lane")}>
        <Layers size={14} aria-hidden />
        {address.lane === "" ? EVERY_LANE : address.lane}
      </Control>
      {mayPause && (
        <Button
          onClick={() => setChoosing("pause")}
          aria-keyshortcuts="p"
          aria-haspopup="dialog"
          aria-label="Pause work…"
        >
          <CirclePause size={14} aria-hidden />
          <span className="max-sm:sr-only">Pause…</span>
        </Button>
      )}
      <NotOffered action="pause" />
    </>
  );
  return (
    <>
      <Page
        key={searchOfAddress(address)}
        address={address}
        known={known}
        agents={choices?.agents ?? []}
        controls={controls}
        onEveryone={(everyone) => go({ ...address, everyone })}
      />
      {choosing === "agent" && (
        <Picker
          label="Queue of agent"
          choices={(choices?.agents ?? []).map(({ name, assignedCount }) => ({
            key: name,
            group: "Agents",
            text: name,
            mark: <AgentGlyph name={name} />,
            count: assignedCount,
            chosen: name === address.agent,
          }))}
          onClose={() => setChoosing(undefined)}
          onChoose={({ key }) => {
            setChoosing(undefined);
            go({ ...address, agent: key });
          }}
        />
      )}
      {choosing === "pause" && (
        <Suspense fallback={null}>
          <PauseDialog
            agents={(choices?.agents ?? []).map(({ name }) => name)}
            lanes={(choices?.workLimits.lanes ?? []).map(({ lane }) => lane)}
            repositories={(choices?.repositories ?? []).map(({ fullName }) => fullName)}
            onClose={() => setChoosing(undefined)}
          />
        </Suspense>
      )}
      {choosing === "lane" && (
        <Picker
          label="Lane"
          choices={[
            { key: "", group: "Lanes", text: EVERY_LANE, chosen: address.lane === "" },
            ...(choices?.workLimits.lanes ?? []).map(({ lane }) => ({
              key: lane,
              group: "Lanes",
              text: lane,
              chosen: lane === address.lane,
            })),
          ]}
          onClose={() => setChoosing(undefined)}
          onChoose={({ key }) => {
            setChoosing(undefined);
            go({ ...address, lane: key });
          }}
        />
      )}
    </>
  );
}

/** The agent of an address that names none: the one looked at last, else the one with the most to do. */
function usualAgent(choices: Choices | undefined): string {
  if (!choices) return "";
  const last = localStorage.getItem(LAST);
  if (choices.agents.some(({ name }) => name === last)) return last ?? "";
  return [...choices.agents].sort((a, b) => b.assignedCount - a.assignedCount)[0]?.name ?? "";
}

function Control({
  label,
  keys,
  onOpen,
  children,
}: {
  readonly label: string;
  readonly keys: string;
  readonly onOpen: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Button onClick={onOpen} aria-keyshortcuts={keys} aria-haspopup="dialog">
      <span className="sr-only">{label}: </span>
      {children}
      <ChevronsUpDown size={12} className="text-ink-faint" aria-hidden />
    </Button>
  );
}

function Page({
  address,
  known,
  agents,
  controls,
  onEveryone,
}: {
  readonly address: Address;
  /** Whether it is known which agents there are. */
  readonly known: boolean;
  /** Whom an issue can be given to. */
  readonly agents: Choices["agents"];
  readonly controls: ReactNode;
  readonly onEveryone: (everyone: boolean) => void;
}) {
  const query = useMemo(
    () => queueQuery(address),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the page is mounted again for another address
    [],
  );
  const repairs = useMemo(() => new Repairs(), []);
  const changes = useMemo(() => new Changes(), []);
  if (address.agent === "") return <Nobody controls={controls} known={known} />;
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

/** Nobody to look at: it is not known yet which agents there are, or there are none. */
function Nobody({ controls, known }: { readonly controls: ReactNode; readonly known: boolean }) {
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
          <EmptyState title="No agent is known yet">
            The queue is what one agent would be given next. An agent is known once it has asked for
            work, once an issue carries its label, such as <code>agent/claude</code>, or when{" "}
            <code>AGENTS</code> names it.
          </EmptyState>
        )}
      </main>
    </div>
  );
}

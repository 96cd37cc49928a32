import { ChevronsUpDown, CirclePause, Layers } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useState, type ReactNode } from "react";
import { useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { AgentGlyph } from "@/components/badges.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Picker } from "@/components/Picker.tsx";
import { useCommands } from "@/lib/commands.ts";
import { useKeys } from "@/lib/keys.ts";
import { useSignal } from "@/lib/signal.ts";
import { useMay } from "@/lib/viewer.ts";
import { choicesQuery, type Choices } from "../api/queue.ts";
import { addressOfSearch, searchOfAddress, type Address } from "../model/address.ts";
import { changeRow, navigateRows } from "./rows.ts";
import { QueueBody } from "./QueueBody.tsx";

// Loaded on demand.
const PauseDialog = lazy(async () => ({
  default: (await import("./PauseDialog.tsx")).PauseDialog,
}));

/** The agent that was selected last in this browser. */
const LAST = "dispatch-queue-agent";

const EVERY_LANE = "All lanes";

type Choosing = "agent" | "lane" | "pause" | undefined;

/** The queue of an agent: the eligible issues by rank, the withheld ones with reasons, and inconsistencies. */
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
      <QueueBody
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

/** The agent for an address without one: the one that was selected last, otherwise the one with the most issues. */
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

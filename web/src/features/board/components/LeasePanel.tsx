import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { CheckpointBar, LeaseRing } from "@/components/Lease.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { notify } from "@/components/Notices.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { checkpointWords, remaining, timeLeft } from "@/lib/lease.ts";
import { clockTime, fullTime, since, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import type { Lease } from "../api/documents.ts";
import { release, type LeaseDetail } from "../api/leases.ts";
import { Messages, Question, WriteBox } from "./Messages.tsx";
import { AskToStop, StopRequest } from "./StopRequest.tsx";

/** The response to a request to stop or to its withdrawal, until the card is updated by its event. */
type StopState = {
  /** The lease of the card at that time. */
  readonly known: Lease;
  readonly releaseAt: string | null;
};

/** The lease of the open issue: its agent, end, checkpoint and messages, and the actions that stop the agent. */
export function LeasePanel({
  lease: known,
  detail,
  onChanged,
}: {
  /** The lease of the card. */
  readonly lease: Lease;
  /** The fields of the lease that the card does not have; absent until they are loaded. */
  readonly detail: LeaseDetail | undefined;
  /** Reloads the issue. Resolves when that is done. */
  readonly onChanged: () => Promise<void>;
}) {
  const now = useNow();
  const mayRelease = useMay("release");
  const mayInstruct = useMay("instruct");
  const [asking, setAsking] = useState<"release" | "stop">();
  const [stopState, setStopState] = useState<StopState>();
  const section = useRef<HTMLElement>(null);
  const pressed = useRef(false);
  // The response is newer than the card until the card changes.
  const releaseAt = stopState?.known === known ? stopState.releaseAt : known.releaseAt;
  const lease = { ...known, releaseAt };
  useEffect(() => {
    if (!pressed.current) return;
    // The pressed button was replaced by another one.
    pressed.current = false;
    section.current?.querySelector<HTMLElement>("[data-stop]")?.focus();
  }, [releaseAt, stopState]);
  const note = (next: string | null) => {
    pressed.current = true;
    setStopState({ known, releaseAt: next });
    void onChanged();
  };
  const over = remaining(lease, now) === 0;
  const canInstruct = mayInstruct && !over;
  return (
    <section
      ref={section}
      aria-label={`Held by ${lease.agent}`}
      data-holder={lease.agent}
      className="mt-3 rounded border border-line bg-card"
    >
      <div className="flex items-center gap-3 px-3 py-2.5">
        <LeaseRing lease={lease} large />
        <div className="min-w-0 grow">
          <p className="truncate text-body">
            <span className="font-semibold">{lease.agent}</span>{" "}
            <span className="text-ink-soft">{over ? "held this" : "holds this"}</span>
          </p>
          <p className="tabular text-meta text-ink-faint">
            until{" "}
            <time dateTime={lease.expiresAt} title={fullTime(lease.expiresAt)}>
              {clockTime(lease.expiresAt)}
            </time>
            {" · "}
            <span className={over ? "text-warning" : undefined}>
              {timeLeft(lease.expiresAt, now)}
            </span>
            {" · "}
            <time dateTime={lease.renewedAt} title={fullTime(lease.renewedAt)}>
              heard {since(lease.renewedAt, now)}
            </time>
          </p>
        </div>
      </div>
      <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-2 px-3 pb-2.5">
        <CheckpointBar at={lease.checkpoint} className="w-28 shrink-0" />
        <span className="truncate text-meta text-ink-soft" aria-hidden>
          {checkpointWords(lease.checkpoint)}
        </span>
        {asking !== "release" && (
          <div className="ml-auto flex gap-1.5">
            {canInstruct && releaseAt === null && (
              <Button onClick={() => setAsking("stop")} aria-haspopup="dialog" data-stop>
                Ask to stop
              </Button>
            )}
            {mayRelease && <Button onClick={() => setAsking("release")}>Release</Button>}
          </div>
        )}
      </div>
      {mayRelease && asking === "release" && (
        <Confirmation lease={lease} onClose={() => setAsking(undefined)} />
      )}
      {releaseAt !== null && (
        <StopRequest
          lease={lease}
          releaseAt={releaseAt}
          detail={detail}
          canWithdraw={canInstruct}
          onWithdrawn={() => note(null)}
        />
      )}
      {detail && detail.messages.length > 0 && (
        <Messages agent={lease.agent} messages={detail.messages} />
      )}
      {lease.awaitingInput !== null && (
        <Question
          agent={lease.agent}
          question={lease.awaitingInput}
          since={detail?.awaitingInputSince ?? undefined}
        />
      )}
      {canInstruct && <WriteBox lease={lease} onChanged={onChanged} />}
      {/* A viewer who may not change anything is told so only once. */}
      <NotOffered
        action={mayInstruct ? "release" : "instruct"}
        className="border-t border-line px-3 py-2"
      />
      {asking === "stop" && (
        <AskToStop lease={lease} onClose={() => setAsking(undefined)} onAsked={note} />
      )}
    </section>
  );
}

function Confirmation({ lease, onClose }: { readonly lease: Lease; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const field = useId();
  const { isBusy, refusal, submit } = useSubmit(
    () => release(lease, reason.trim()),
    () => {
      notify(`Taken from ${lease.agent}.`);
      onClose();
    },
  );
  return (
    <form
      aria-label={`Release from ${lease.agent}`}
      className="border-t border-line px-3 py-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p className="text-board text-ink-soft">
        {lease.agent} loses the issue at once, and what it still writes is refused. Work in progress
        is ready again for the next agent.
      </p>
      <label htmlFor={field} className="sr-only">
        Why, for the audit log
      </label>
      <input
        id={field}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
        }}
        maxLength={500}
        ref={(element) => element?.focus()}
        placeholder="Why, for the audit log (optional)"
        autoComplete="off"
        className="mt-2 h-8 w-full rounded border border-line-strong bg-page px-2.5 text-board placeholder:text-ink-faint"
      />
      {refusal !== undefined && (
        <p role="alert" className="mt-2 text-board wrap-anywhere text-danger">
          Not released: {refusal}
        </p>
      )}
      <div className="mt-2 flex justify-end gap-2">
        <Button onClick={onClose}>Keep</Button>
        <Button type="submit" look="danger" disabled={isBusy}>
          {isBusy ? "Releasing…" : `Take it from ${lease.agent}`}
        </Button>
      </div>
    </form>
  );
}

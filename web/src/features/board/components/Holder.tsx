import { useId, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { CheckpointBar, LeaseRing } from "@/components/Lease.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { notify } from "@/components/Notices.tsx";
import { checkpointWords, remaining, timeLeft } from "@/lib/lease.ts";
import { clockTime, fullTime, since, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import type { Hold } from "../api/documents.ts";
import { release } from "../api/leases.ts";

/** Who holds the open issue, until when, how far they are, and the way to take it from them. */
export function Holder({ lease }: { readonly lease: Hold }) {
  const now = useNow();
  const may = useMay("release");
  const [asking, setAsking] = useState(false);
  const over = remaining(lease, now) === 0;
  return (
    <section
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
        {may && !asking && <Button onClick={() => setAsking(true)}>Release</Button>}
      </div>
      <div className="flex items-center gap-3 px-3 pb-2.5">
        <CheckpointBar at={lease.checkpoint} className="w-28 shrink-0" />
        <span className="truncate text-meta text-ink-soft" aria-hidden>
          {checkpointWords(lease.checkpoint)}
        </span>
      </div>
      <NotOffered action="release" className="border-t border-line px-3 py-2" />
      {may && asking && <Confirmation lease={lease} onClose={() => setAsking(false)} />}
    </section>
  );
}

function Confirmation({ lease, onClose }: { readonly lease: Hold; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const field = useId();
  const take = async () => {
    setBusy(true);
    const answer = await release(lease, reason.trim());
    setBusy(false);
    setRefusal(answer.failure?.message);
    if (answer.failure) return;
    notify(`Taken from ${lease.agent}.`);
    onClose();
  };
  return (
    <form
      aria-label={`Release from ${lease.agent}`}
      className="border-t border-line px-3 py-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        void take();
      }}
    >
      <p className="text-board text-ink-soft">
        {lease.agent} loses the issue at once, and what it still writes is refused. Work in progress
        is ready again for whoever asks next.
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
        // The question was asked a moment ago, and here is where it is answered.
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
        <Button type="submit" look="danger" disabled={busy}>
          {busy ? "Releasing…" : `Take it from ${lease.agent}`}
        </Button>
      </div>
    </form>
  );
}

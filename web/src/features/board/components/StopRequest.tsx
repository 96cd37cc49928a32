import { OctagonPause } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { DialogForm, Labelled } from "@/components/DialogForm.tsx";
import { notify } from "@/components/Notices.tsx";
import { TextField } from "@/components/TextField.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { clockTime, fullTime } from "@/lib/time.ts";
import type { Lease } from "../api/documents.ts";
import { requestStop, withdrawStop, type LeaseDetail } from "../api/leases.ts";

/** The choices for the time that a holder has to stop. */
const GRACES = [
  { seconds: 60, words: "1 minute" },
  { seconds: 300, words: "5 minutes" },
  { seconds: 900, words: "15 minutes" },
  { seconds: 3_600, words: "1 hour" },
] as const;

const USUAL_GRACE = 300;

/** The maximum length of a reason on the server. */
const LONGEST_REASON = 1_000;

/** The request to a holder to stop: who sent it, why, when the lease ends, and a button that withdraws it. */
export function StopRequest({
  lease,
  releaseAt,
  detail,
  canWithdraw,
  onWithdrawn,
}: {
  readonly lease: Pick<Lease, "id" | "agent">;
  readonly releaseAt: string;
  readonly detail: LeaseDetail | undefined;
  readonly canWithdraw: boolean;
  /** Called when the request was withdrawn. */
  readonly onWithdrawn: () => void;
}) {
  const { isBusy, refusal, submit } = useSubmit(
    () => withdrawStop(lease.id),
    () => {
      notify(`${lease.agent} may go on.`);
      onWithdrawn();
    },
  );
  return (
    <div
      role="group"
      aria-label={`${lease.agent} was asked to stop`}
      className="border-t border-line px-3 py-2"
    >
      <div className="flex items-center gap-3">
        <div className="min-w-0 grow text-board">
          <p className="tabular text-ink-soft">
            <OctagonPause
              size={13}
              className="mr-1.5 inline-block align-[-2px] text-ink-faint"
              aria-hidden
            />
            Asked to stop
            {detail?.stopRequestedBy != null && (
              <>
                {" by "}
                <span className="font-medium text-ink">{detail.stopRequestedBy}</span>
              </>
            )}
            {detail?.stopRequestedAt != null && (
              <>
                {" at "}
                <Clock instant={detail.stopRequestedAt} />
              </>
            )}
            ; will be released at <Clock instant={releaseAt} />
          </p>
          {detail?.stopReason != null && (
            <p className="mt-0.5 wrap-anywhere text-ink" dir="auto">
              {detail.stopReason}
            </p>
          )}
        </div>
        {canWithdraw && (
          <Button disabled={isBusy} data-stop onClick={() => void submit()}>
            {isBusy ? "Letting it go on…" : "Let it go on"}
          </Button>
        )}
      </div>
      {refusal !== undefined && (
        <p role="alert" className="mt-1.5 text-board wrap-anywhere text-danger">
          Not withdrawn: {refusal}
        </p>
      )}
    </div>
  );
}

const Clock = ({ instant }: { readonly instant: string }) => (
  <time dateTime={instant} title={fullTime(instant)}>
    {clockTime(instant)}
  </time>
);

/** The form for a request to stop: its reason and the time that the holder has. */
export function AskToStop({
  lease: { id, agent },
  onClose,
  onAsked,
}: {
  readonly lease: Pick<Lease, "id" | "agent">;
  readonly onClose: () => void;
  /** Called when the request was sent. The lease ends at `releaseAt`. */
  readonly onAsked: (releaseAt: string | null) => void;
}) {
  const [reason, setReason] = useState("");
  const [grace, setGrace] = useState(USUAL_GRACE);
  const field = useId();
  const { isBusy, refusal, submit } = useSubmit(
    () => requestStop(id, reason.trim(), grace),
    (data) => {
      onAsked(data.requestStop.lease.releaseAt);
      onClose();
    },
  );
  return (
    <DialogForm
      title={`Ask ${agent} to stop`}
      onClose={onClose}
      className="max-w-md"
      verb="Ask to stop"
      busyVerb="Asking…"
      busy={isBusy}
      problem={refusal === undefined ? undefined : `Not asked: ${refusal}`}
      onSubmit={() => void submit()}
    >
      <p className="text-board text-ink-soft">
        {agent} receives this with its next renewal and can still save what it has. If it has not
        stopped in time, the issue is taken from it. That counts as no failure.
      </p>
      <TextField
        label="Why"
        value={reason}
        data-first
        onChange={(event) => setReason(event.target.value)}
        maxLength={LONGEST_REASON}
        placeholder="The agent reads it (optional)"
      />
      <Labelled label="Time to stop" htmlFor={field}>
        <select
          id={field}
          value={grace}
          onChange={(event) => setGrace(Number(event.target.value))}
          className="mt-1 block h-9 w-full rounded border border-line-strong bg-page px-2 text-body"
        >
          {GRACES.map(({ seconds, words }) => (
            <option key={seconds} value={seconds}>
              {words}
            </option>
          ))}
        </select>
      </Labelled>
    </DialogForm>
  );
}

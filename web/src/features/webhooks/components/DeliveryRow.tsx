import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  RotateCw,
  ShieldAlert,
} from "lucide-react";
import { IconButton } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { notify } from "@/components/Notices.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { clockTime, fullTime, localTimes, useIsAhead, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { replay, type Delivery } from "../api/deliveries.ts";
import { STATES, type DeliveryState } from "../model/states.ts";

/** States differ in shape and in colour, for colour-blind readers. */
const MARKS = {
  FAILED: { Icon: CircleAlert, color: "text-danger" },
  QUARANTINED: { Icon: ShieldAlert, color: "text-danger" },
  PENDING: { Icon: CircleDashed, color: "text-warning" },
  IGNORED: { Icon: CircleMinus, color: "text-ink-faint" },
  PROCESSED: { Icon: CircleCheck, color: "text-success" },
} as const;

/** A state as an icon and its name. */
export function StateMark({
  state,
  className,
}: {
  readonly state: DeliveryState;
  readonly className?: string;
}) {
  const { Icon, color } = MARKS[state];
  return (
    <span
      className={classes("inline-flex items-center gap-1.5", color, className)}
      title={STATES[state].meaning}
    >
      <Icon size={13} aria-hidden />
      {STATES[state].title}
    </span>
  );
}

/** A delivery: its time, event, repository, state and error. */
export function DeliveryRow({
  delivery,
  onReplayed,
}: {
  readonly delivery: Delivery;
  /** Reloads the list. */
  readonly onReplayed: () => Promise<void>;
}) {
  const now = useNow();
  const { event, action, repositoryFullName, number, state, reason, attempts } = delivery;
  const name = action === null ? event : `${event}.${action}`;
  const replaying = useSubmit(
    () => replay(delivery.id),
    async () => {
      notify(`${name} is processed again.`);
      await onReplayed();
    },
  );
  return (
    <li className="grid grid-cols-[3rem_7.5rem_minmax(9rem,1fr)_minmax(8rem,1fr)_minmax(0,2fr)_1.75rem] items-baseline gap-x-4 border-b border-line px-4 py-2 last:border-0 max-lg:grid-cols-[3rem_minmax(0,1fr)_auto_1.75rem] max-lg:gap-x-2 max-lg:gap-y-0.5 max-sm:px-3">
      <RelativeTime instant={delivery.receivedAt} />
      <StateMark state={state} className="max-lg:order-2" />
      <span
        className="truncate font-medium max-lg:order-1"
        title={`${name}, GitHub's delivery ${delivery.deliveryId}`}
      >
        {event}
        {action !== null && <span className="font-normal text-ink-soft">.{action}</span>}
      </span>
      <span className="tabular truncate text-ink-soft max-lg:order-4 max-lg:col-span-3 max-lg:col-start-2 max-lg:text-meta">
        {repositoryFullName ?? "No repository"}
        {number !== null && ` #${number}`}
      </span>
      <div className="min-w-0 text-meta text-ink-soft max-lg:order-5 max-lg:col-span-3 max-lg:col-start-2 max-lg:empty:hidden">
        {reason !== null && <p className="wrap-anywhere">{localTimes(reason, now)}</p>}
        <Attempts attempts={attempts} nextAttemptAt={delivery.nextAttemptAt} />
        {replaying.refusal !== undefined && (
          <p role="alert" className="wrap-anywhere text-danger">
            Not replayed: {replaying.refusal}
          </p>
        )}
      </div>
      <span className="h-5 max-lg:order-3">
        <ReplayButton
          name={name}
          isPending={state === "PENDING"}
          isBusy={replaying.isBusy}
          onReplay={() => void replaying.submit()}
        />
      </span>
    </li>
  );
}

/** The number of attempts if there were several, and the time of the next one. */
function Attempts({ attempts, nextAttemptAt }: Pick<Delivery, "attempts" | "nextAttemptAt">) {
  const isAhead = useIsAhead(nextAttemptAt);
  if (attempts <= 1 && !isAhead) return null;
  return (
    <p className="tabular text-ink-faint">
      {attempts > 0 && `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`}
      {attempts > 0 && isAhead && ", "}
      {isAhead && nextAttemptAt !== null && (
        <time dateTime={nextAttemptAt} title={fullTime(nextAttemptAt)}>
          next at {clockTime(nextAttemptAt)}
        </time>
      )}
    </p>
  );
}

function ReplayButton({
  name,
  isPending,
  isBusy,
  onReplay,
}: {
  readonly name: string;
  /** Whether it will be processed without a click. */
  readonly isPending: boolean;
  readonly isBusy: boolean;
  readonly onReplay: () => void;
}) {
  const may = useMay("replay");
  if (!may || isPending) return null;
  return (
    <IconButton label={`Replay ${name}`} onClick={onReplay} disabled={isBusy} className="-my-1">
      <RotateCw size={14} className={isBusy ? "animate-spin" : undefined} aria-hidden />
    </IconButton>
  );
}

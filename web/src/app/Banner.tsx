import { X } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { Button, IconButton } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { notify } from "@/components/Notices.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { classes } from "@/components/classes.ts";
import { track } from "@/lib/tracking.ts";
import { dismiss, dismissed, recall } from "@/lib/dismissed.ts";
import { refreshService, service, type Service } from "@/lib/service.ts";
import { useSignal } from "@/lib/signal.ts";
import { syncState } from "@/lib/sync.ts";
import { clockTime, since, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";

/** Notices about the service: its data is simulated, or some configuration is missing. */
export function Banner() {
  const self = useSignal(service);
  const hidden = useSignal(dismissed);
  const [explaining, setExplaining] = useState(false);
  const untracked = self?.untrackedBootstrap;
  useEffect(() => {
    if (untracked) recall((name) => !untracked.includes(name));
  }, [untracked]);
  if (!self) return null;
  const explain = (
    <Button className="h-6 px-2 text-meta" onClick={() => setExplaining(true)}>
      Connect GitHub
    </Button>
  );
  return (
    <>
      {self.simulated ? (
        <Strip action={explain}>
          <strong className="font-semibold">Simulated data.</strong>
          <span className="max-sm:hidden">
            {" "}
            Scripted agents work in a made-up organisation; nothing here reaches GitHub.
          </span>
        </Strip>
      ) : (
        !self.configured && (
          <Strip tone="warning" action={explain}>
            <strong className="font-semibold">GitHub is not connected.</strong> Missing:{" "}
            {self.missing.join(", ")}.
          </Strip>
        )
      )}
      <Unanswered />
      {self.untrackedBootstrap
        .filter((name) => !hidden.includes(name))
        .map((name) => (
          <Untracked key={name} name={name} />
        ))}
      {explaining && <HowToConnect self={self} onClose={() => setExplaining(false)} />}
    </>
  );
}

function Strip({
  tone = "plain",
  action,
  children,
}: {
  readonly tone?: "plain" | "warning";
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <aside
      aria-label="About this service"
      className={classes(
        "flex min-h-8 shrink-0 items-center justify-center gap-3 border-b border-line px-4 py-1 text-meta",
        tone === "warning" ? "bg-warning-soft text-warning" : "bg-accent-soft text-ink",
      )}
    >
      <p>{children}</p>
      {action}
    </aside>
  );
}

/** Shows that GitHub does not respond. The stored data is still shown, but changes fail. */
function Unanswered() {
  const state = useSignal(syncState);
  const now = useNow();
  if (!state?.unansweredSince) return null;
  const { unansweredSince, lastGoodSyncAt } = state;
  return (
    <Strip tone="warning">
      <span role="status">
        <strong className="font-semibold">
          GitHub has not answered since {clockTime(unansweredSince)}.
        </strong>{" "}
        {lastGoodSyncAt !== null && `You see what it said ${since(lastGoodSyncAt, now)}. `}
        Changes fail until it answers; Dispatch keeps trying.
      </span>
    </Strip>
  );
}

/**
 * A repository that is in the settings but not tracked: it was added there after the first start,
 * or removed here on purpose, after which the reminder can be dismissed.
 */
function Untracked({ name }: { readonly name: string }) {
  const may = useMay("track");
  const [busy, setBusy] = useState(false);
  const add = async () => {
    setBusy(true);
    const answer = await track(name);
    setBusy(false);
    if (answer.failure) notify(answer.failure.message, "danger");
    await refreshService();
  };
  return (
    <Strip
      tone="warning"
      action={
        <>
          {may && (
            <Button className="h-6 px-2 text-meta" disabled={busy} onClick={() => void add()}>
              Track it
            </Button>
          )}
          <NotOffered action="track" />
          <IconButton
            label={`Do not remind me of ${name}`}
            className="size-6"
            onClick={() => dismiss(name)}
          >
            <X size={14} aria-hidden />
          </IconButton>
        </>
      }
    >
      GITHUB_REPOSITORIES names {name}, which is not tracked.
    </Strip>
  );
}

function HowToConnect({ self, onClose }: { readonly self: Service; readonly onClose: () => void }) {
  return (
    <Dialog title="Connect your GitHub" onClose={onClose}>
      <ol className="flex list-decimal flex-col gap-3 pl-5 text-body text-ink-soft">
        <li>
          Make a token on GitHub that may read and write <Code>issues</Code> of the repositories you
          want on the board.
        </li>
        <li>
          Start Dispatch with it:
          <pre className="mt-2 overflow-x-auto rounded bg-column px-3 py-2 text-ink" tabIndex={0}>
            <code>{"export GITHUB_TOKEN=github_pat_…\nmake run"}</code>
          </pre>
        </li>
        <li>
          Track repositories on this page, or name them in <Code>GITHUB_REPOSITORIES</Code> before
          the first start.
        </li>
      </ol>
      <p className="mt-4 text-board text-ink-faint">
        {self.simulated
          ? "The demo has a database of its own. It never touches real issues, and starts empty each time."
          : `Missing now: ${self.missing.join(", ")}.`}
      </p>
    </Dialog>
  );
}

function Code({ children }: { readonly children: string }) {
  return (
    <code className="rounded bg-column px-1 py-0.5 text-[0.8125rem] text-ink">{children}</code>
  );
}

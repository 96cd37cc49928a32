import { CirclePause } from "lucide-react";
import { useEffect, useRef } from "react";
import {
  heldWords,
  pauses,
  pauseSubject,
  resumeWork,
  watchPauses,
  type Pause,
} from "@/lib/pauses.ts";
import { useSignal } from "@/lib/signal.ts";
import { localTimes, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { Button } from "./Button.tsx";
import { NotOffered } from "./NotOffered.tsx";
import { notify } from "./Notices.tsx";
import { useSubmit } from "./useSubmit.ts";

/** Gets the focus when the last pause has ended: the content of the page, or a card. */
const BELOW = "main[tabindex='0'], [data-card][tabindex='0']";

/** The current pauses, the number of issues still held under each, and a button to end it; nothing without pauses. */
export function PauseBanner() {
  const paused = useSignal(pauses);
  const list = useRef<HTMLUListElement>(null);
  useEffect(watchPauses, []);
  return (
    <section aria-label="Pauses" aria-live="polite" aria-relevant="additions" className="contents">
      {paused.length > 0 && (
        <ul ref={list} aria-label="What is paused" className="max-h-40 shrink-0 overflow-y-auto">
          {paused.map((pause) => (
            <Strip
              key={pause.id}
              pause={pause}
              onResumed={() => {
                // The pressed button is removed by the next render.
                requestAnimationFrame(() => {
                  if (document.activeElement !== document.body) return;
                  const next = list.current?.querySelector<HTMLElement>("button");
                  (next ?? document.querySelector<HTMLElement>(BELOW))?.focus();
                });
              }}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function Strip({ pause, onResumed }: { readonly pause: Pause; readonly onResumed: () => void }) {
  const now = useNow();
  const may = useMay("pause");
  const what = pauseSubject(pause);
  const { isBusy, refusal, submit } = useSubmit(
    () => resumeWork(pause.id),
    () => {
      notify(`Agents are served ${what} again.`);
      onResumed();
    },
  );
  return (
    <li
      data-pause={pause.id}
      className="flex min-h-9 items-center gap-3 border-b border-line bg-warning-soft px-4 py-1 text-board text-warning max-sm:px-3"
    >
      <CirclePause size={14} className="shrink-0 max-sm:mt-0.5 max-sm:self-start" aria-hidden />
      <div className="min-w-0 grow">
        <p className="wrap-anywhere">
          <span className="font-medium">{localTimes(pause.summary, now)}</span>
          <span className="tabular">
            {pause.endsAt === null && " · until resumed"}
            {" · "}
            {heldWords(pause.held)}
            {pause.held > 0 && pause.stopsHolders && ", told to stop"}
          </span>
        </p>
        {refusal !== undefined && (
          <p role="alert" className="text-meta wrap-anywhere text-danger">
            Not resumed: {refusal}
          </p>
        )}
        <NotOffered action="pause" />
      </div>
      {may && (
        <Button
          className="h-6 px-2 text-meta"
          disabled={isBusy}
          onClick={() => void submit()}
          aria-label={`Resume ${what}`}
        >
          {isBusy ? "Resuming…" : "Resume"}
        </Button>
      )}
    </li>
  );
}

import { X } from "lucide-react";
import { useEffect } from "react";
import { signal, useSignal } from "@/lib/signal.ts";
import { IconButton } from "./Button.tsx";
import { classes } from "./classes.ts";

export type Notice = {
  readonly text: string;
  readonly tone: "plain" | "danger";
};

const notice = signal<Notice | undefined>(undefined);
const spoken = signal("");

/** Shows a notice at the bottom of the page for a while. A newer one replaces it. */
export const notify = (text: string, tone: Notice["tone"] = "plain"): void => {
  notice.set({ text, tone });
};

/** Announces a text to screen readers only. */
export const announce = (text: string): void => {
  spoken.set(text);
};

const STAYS_MS = 6_000;

/** The place where notices and announcements appear; there is one on the page. */
export function Notices() {
  const shown = useSignal(notice);
  const words = useSignal(spoken);
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(() => notice.set(undefined), STAYS_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <>
      <div
        role="status"
        className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center px-4 max-sm:bottom-16"
      >
        {shown && (
          <div
            className={classes(
              "pointer-events-auto flex items-center gap-3 rounded-lg border bg-raised py-1.5 pr-1.5 pl-3 text-board shadow-lifted",
              shown.tone === "danger" ? "border-danger/50 text-danger" : "border-line text-ink",
            )}
          >
            <span>{shown.text}</span>
            <IconButton label="Dismiss" onClick={() => notice.set(undefined)}>
              <X size={14} />
            </IconButton>
          </div>
        )}
      </div>
      <div aria-live="assertive" className="sr-only">
        {words}
      </div>
    </>
  );
}

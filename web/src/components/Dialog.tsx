import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Button.tsx";
import { classes } from "./classes.ts";

type Props = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
};

/** What a dialog is opened for, rather than the way out of it. */
const FIELD = ":is(input, textarea, select, button):enabled";

/** An element and what it is in, from the inside out, without the page itself. */
function pathOf(element: Element | null): readonly Element[] {
  return element === null || element === document.body
    ? []
    : [element, ...pathOf(element.parentElement)];
}

/** Gives the focus back to where it was; where that is gone, to the first field or button of what it was in. */
function restoreFocus([before, ...around]: readonly Element[]): void {
  const next = before?.isConnected
    ? before
    : around.find((element) => element.isConnected)?.querySelector(FIELD);
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
}

/**
 * A dialog that holds the focus and gives it back. It is open for as long as it is drawn. To begin with, what carries
 * `data-first` has the focus, else its first field or button, else its text, which keys then scroll.
 */
export function Dialog({ title, onClose, children, className }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = pathOf(document.activeElement);
    element?.showModal();
    const first =
      content.current?.querySelector<HTMLElement>("[data-first]:enabled") ??
      content.current?.querySelector<HTMLElement>(FIELD);
    (first ?? content.current)?.focus();
    return () => {
      element?.close();
      restoreFocus(before);
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        // React hands it on to the dialog that this one was opened from.
        if (event.target === dialog.current) onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={classes(
        "m-auto max-h-[85dvh] w-[min(34rem,calc(100vw-2rem))] overflow-auto rounded-lg border border-line bg-raised text-ink shadow-lifted backdrop:bg-black/40",
        className,
      )}
    >
      <div className="flex items-center justify-between gap-4 px-4 pt-3 pb-1">
        <h2 id={heading} className="text-title font-semibold wrap-anywhere">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={16} />
        </IconButton>
      </div>
      <div ref={content} tabIndex={-1} className="px-4 pt-1 pb-4 outline-none">
        {children}
      </div>
    </dialog>
  );
}

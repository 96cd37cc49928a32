import { X } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode, type RefObject } from "react";
import { IconButton } from "./Button.tsx";
import { classes } from "./classes.ts";

type Props = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
};

/** The elements that get the initial focus, in preference to the close button. */
const FIELD = ":is(input, textarea, select, button):not(:disabled)";

/** An element and its ancestors, innermost first, without the body of the document. */
function pathOf(element: Element | null): readonly Element[] {
  return element === null || element === document.body
    ? []
    : [element, ...pathOf(element.parentElement)];
}

/** Restores the focus to where it was; if that element is gone, to the first field or button of its container. */
function restoreFocus([before, ...around]: readonly Element[]): void {
  const next = before?.isConnected
    ? before
    : around.find((element) => element.isConnected)?.querySelector(FIELD);
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
}

type ModalProps = {
  /** The attribute with its name for screen readers. */
  readonly name: { readonly "aria-label": string } | { readonly "aria-labelledby": string };
  readonly onClose: () => void;
  /** The part whose first field gets the focus; the whole dialog if absent. */
  readonly content?: RefObject<HTMLElement | null>;
  readonly className: string;
  readonly children: ReactNode;
};

/**
 * The behaviour of every dialog: it traps and restores the focus, and closes on Escape or a click outside. It is open
 * while it is rendered. The focus goes to the element with `data-first`; without one, to the first field or button of
 * the content; without these, to the content itself, so that keys scroll it.
 */
export function Modal({ name, onClose, content, className, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = pathOf(document.activeElement);
    element?.showModal();
    const within = content ? content.current : element;
    const first =
      within?.querySelector<HTMLElement>("[data-first]:not(:disabled)") ??
      within?.querySelector<HTMLElement>(FIELD);
    (first ?? within)?.focus();
    return () => {
      element?.close();
      restoreFocus(before);
    };
  }, [content]);
  return (
    <dialog
      ref={dialog}
      {...name}
      onCancel={(event) => {
        event.preventDefault();
        // React propagates it to the dialog that this one was opened from.
        if (event.target === dialog.current) onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className={classes(
        "w-[min(34rem,calc(100vw-2rem))] rounded-lg border border-line bg-raised text-ink shadow-lifted backdrop:bg-black/40",
        className,
      )}
    >
      {children}
    </dialog>
  );
}

/** A dialog with a title and a button that closes it. */
export function Dialog({ title, onClose, children, className }: Props) {
  const content = useRef<HTMLDivElement>(null);
  const heading = useId();
  return (
    <Modal
      name={{ "aria-labelledby": heading }}
      onClose={onClose}
      content={content}
      className={classes("m-auto max-h-[85dvh] overflow-auto", className)}
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
    </Modal>
  );
}

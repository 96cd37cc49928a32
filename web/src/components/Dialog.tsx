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

/**
 * A dialog that holds the focus and gives it back. It is open for as long as it is drawn; what carries `data-first`
 * has the focus to begin with.
 */
export function Dialog({ title, onClose, children, className }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected)
        before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
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
        <h2 id={heading} className="text-title font-semibold">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={16} />
        </IconButton>
      </div>
      <div className="px-4 pt-1 pb-4">{children}</div>
    </dialog>
  );
}

import { useEffect, useState, type ReactNode } from "react";
import { Button } from "./Button.tsx";

/** An empty state: why there is nothing, and what to do. */
export function EmptyState({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center">
      <h2 className="text-title font-semibold">{title}</h2>
      <div className="max-w-md text-body text-ink-soft">{children}</div>
      {action && <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** An error state: what failed, what is still usable, and a button to retry. */
export function ErrorState({
  title,
  message,
  onRetry,
}: {
  readonly title: string;
  readonly message: string;
  readonly onRetry: () => void;
}) {
  return (
    <div
      role="alert"
      className="flex h-full flex-col items-center justify-center gap-2 p-8 text-center"
    >
      <h2 className="text-title font-semibold">{title}</h2>
      <p className="max-w-md text-body text-ink-soft">{message}</p>
      <Button look="primary" className="mt-3" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

/** Renders its children only after a delay, so that a quick response does not flicker. */
export function Delayed({ children }: { readonly children: ReactNode }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return due ? children : null;
}

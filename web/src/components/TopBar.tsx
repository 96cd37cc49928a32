import type { ReactNode } from "react";

/** The head of a page: its title and the controls of the page. */
export function TopBar({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}) {
  return (
    <header className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line px-4 py-1.5 max-sm:px-3">
      <h1 className="text-body font-semibold">{title}</h1>
      {children}
    </header>
  );
}

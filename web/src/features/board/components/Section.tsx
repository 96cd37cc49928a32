import type { ReactNode } from "react";

/** A titled part of the side panel. */
export function Section({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <section className="mt-5 border-t border-line pt-4">
      <h3 className="mb-2 text-meta font-semibold text-ink-faint">{title}</h3>
      {children}
    </section>
  );
}

import type { ReactNode } from "react";

/** A value with its name. */
export function Tile({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0 rounded-lg border border-line bg-card px-4 py-3">
      <dt className="text-meta text-ink-soft">{name}</dt>
      <dd className="tabular mt-0.5 flex flex-wrap items-baseline gap-x-2 text-title font-semibold">
        {children}
      </dd>
    </div>
  );
}

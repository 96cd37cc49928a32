import { useEffect, type ReactNode } from "react";
import type { LiveQuery } from "@/lib/liveQuery.ts";
import { useSignal } from "@/lib/signal.ts";
import { Button } from "./Button.tsx";
import { ConnectionPill } from "./ConnectionPill.tsx";
import { Delayed, ErrorState } from "./states.tsx";
import { TopBar } from "./TopBar.tsx";

/** A page that shows one live response: loading, failed, or loaded. */
export function LivePage<Data>({
  title,
  query,
  controls,
  banner,
  children,
}: {
  readonly title: string;
  readonly query: Pick<LiveQuery<Data>, "state" | "open" | "refresh">;
  /** Shown beside the title, also while there is no response. */
  readonly controls?: ReactNode;
  /** Shown between the head and the content, also while there is no response. */
  readonly banner?: ReactNode;
  readonly children: (data: Data) => ReactNode;
}) {
  const { data, failure } = useSignal(query.state);
  useEffect(() => query.open(), [query]);
  const retry = () => void query.refresh();
  return (
    <div className="flex min-h-0 min-w-0 grow flex-col">
      <TopBar title={title}>
        {controls !== undefined && (
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5 max-sm:order-last max-sm:w-full">
            {controls}
          </div>
        )}
        <span className="grow" />
        <ConnectionPill />
      </TopBar>
      {banner}
      {data && failure && (
        <div
          role="alert"
          className="flex items-center gap-3 border-b border-line bg-warning-soft px-4 py-1.5 text-warning"
        >
          <span className="grow">This data may be outdated: {failure.message}</span>
          <Button onClick={retry}>Try again</Button>
        </div>
      )}
      <main aria-label={title} className="min-h-0 grow overflow-y-auto" tabIndex={0}>
        {data ? (
          children(data)
        ) : failure ? (
          <ErrorState
            title={`${title} could not be loaded`}
            message={failure.message}
            onRetry={retry}
          />
        ) : (
          <Delayed>
            <Blocks title={title} />
          </Delayed>
        )}
      </main>
    </div>
  );
}

function Blocks({ title }: { readonly title: string }) {
  return (
    <div
      className="grid gap-3 p-4 lg:grid-cols-2"
      role="status"
      aria-label={`Loading ${title.toLowerCase()}`}
    >
      {[0, 1, 2, 3].map((block) => (
        <div key={block} className="h-56 animate-pulse rounded-lg border border-line bg-card" />
      ))}
    </div>
  );
}

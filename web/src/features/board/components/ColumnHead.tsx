import { ChevronsLeft, ChevronsRight } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { IconButton } from "@/components/Button.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useSignal } from "@/lib/signal.ts";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { LimitBadge } from "./LimitBadge.tsx";
import { useBoard, useColumn } from "./context.ts";

/** The head of a column: its title, its count and limit, and the button that collapses it. */
export function ColumnHead({ status, id }: { readonly status: Status; readonly id: string }) {
  const { collapse } = useBoard();
  const { totalCount } = useColumn(status);
  return (
    <div className="group/head relative flex h-9 shrink-0 items-center pr-2 pl-3">
      <h2 id={id} className="flex min-w-0 items-center gap-2 text-board font-semibold">
        <StatusGlyph status={status} />
        <span className="truncate">{statusTitle(status)}</span>
        <Count count={totalCount} />
        <LimitBadge status={status} />
      </h2>
      {/* Placed over the end of the head, so that its text has the whole width. */}
      <IconButton
        label={`Collapse ${statusTitle(status)}`}
        onClick={() => collapse.toggle(status)}
        className="absolute right-1 bg-column opacity-0 group-hover/head:opacity-100 focus-visible:opacity-100 max-sm:hidden"
      >
        <ChevronsLeft size={14} aria-hidden />
      </IconButton>
    </div>
  );
}

/** A collapsed column: its count, its name written vertically, and the button that expands it. It is a drop target. */
export function CollapsedHead({ status, id }: { readonly status: Status; readonly id: string }) {
  const { collapse, interaction, session } = useBoard();
  const { totalCount } = useColumn(status);
  const button = useRef<HTMLButtonElement>(null);
  const requests = useSignal(interaction.focusRequests);
  // A card that was moved here is not rendered, so the button gets the focus.
  useLayoutEffect(() => {
    const id = interaction.focused.get();
    if (id === undefined || session.store.card(id)?.status !== status) return;
    if (interaction.takeFocusRequest(requests)) button.current?.focus();
  }, [requests, interaction, session, status]);
  return (
    <button
      ref={button}
      type="button"
      aria-label={`Expand ${statusTitle(status)}`}
      title={`Expand ${statusTitle(status)}`}
      onClick={() => collapse.toggle(status)}
      className="flex h-full w-full flex-col items-center gap-2 rounded-lg py-2.5 text-ink-soft transition-colors hover:bg-line/60 hover:text-ink"
    >
      <ChevronsRight size={14} aria-hidden />
      <StatusGlyph status={status} />
      <span
        id={id}
        className="flex items-center gap-2 text-board font-semibold text-ink [writing-mode:vertical-rl]"
      >
        {statusTitle(status)}
        <Count count={totalCount} />
        <LimitBadge status={status} />
      </span>
    </button>
  );
}

function Count({ count }: { readonly count: number }) {
  return (
    <span className="tabular text-meta font-normal text-ink-faint" data-count>
      {count.toLocaleString()}
      <span className="sr-only"> issues</span>
    </span>
  );
}

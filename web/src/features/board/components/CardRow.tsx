import { useDraggable } from "@dnd-kit/react";
import { memo, useEffect, useLayoutEffect, useRef } from "react";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { useWhyUnchangeable } from "../model/changeable.ts";
import { animateMove, recordPosition } from "../model/flipAnimation.ts";
import type { CardView } from "../model/cardViews.ts";
import { Card } from "./Card.tsx";
import { useBoard, useCard, useSelected } from "./context.ts";

/** How long a card that somebody else moved is marked. */
const MARK_MS = 2_000;

type Props = {
  readonly id: string;
  readonly column: Status;
  /** Whether Tab stops at this card. It does at one card of each column. */
  readonly tabbable: boolean;
};

/** A card in its column, with its mouse, touch and keyboard handling. */
export const CardRow = memo(function CardRow({ id, column, tabbable }: Props) {
  const view = useCard(id);
  return view ? <Holdable view={view} column={column} tabbable={tabbable} /> : null;
});

function Holdable({
  view,
  column,
  tabbable,
}: {
  view: CardView;
  column: Status;
  tabbable: boolean;
}) {
  const { session, interaction, open } = useBoard();
  const { store } = session;
  const { issue, pending, refusal, arrival } = view;
  const id = issue.id;
  const frame = useRef<HTMLDivElement>(null);
  const element = useRef<HTMLDivElement>(null);
  const focused = useSelected(interaction.focused, (focus) => focus === id);
  const selected = useSelected(interaction.selected, (cards) => cards.has(id));
  const lifted = useSelected(interaction.lifted, (card) => card?.id === id);
  const isFixed = useWhyUnchangeable(issue, "move") !== undefined;
  const { isDragSource } = useDraggable({ id, element, disabled: isFixed });
  const carried = useSelected(interaction.dragging, (dragging) => dragging && isDragSource);

  useLayoutEffect(() => {
    const node = frame.current;
    if (!node) return;
    animateMove(id, node);
    return () => {
      const now = store.card(id)?.status;
      if (now === undefined) return;
      if (now !== column) recordPosition(id, node);
      // The card is rendered again in another column, or in another row of a grouped board.
      if (node.contains(document.activeElement)) interaction.focus(id);
    };
  }, [id, column, store, interaction]);

  useEffect(() => {
    if (!arrival) return;
    const timer = setTimeout(() => store.forgetArrival(id), MARK_MS);
    return () => clearTimeout(timer);
  }, [arrival, id, store]);

  return (
    <div
      ref={frame}
      className={classes(
        // No transition, because scrolling under a resting pointer would start one on every card that passes.
        "rounded border",
        arrival ? "border-accent/60 ring-2 ring-accent/25" : "border-line hover:border-line-strong",
        refusal && "border-danger/60",
        selected ? "border-accent/70 bg-accent-soft" : "bg-card",
        lifted && "border-accent shadow-lifted ring-2 ring-accent/40",
      )}
    >
      <div
        ref={element}
        data-card={id}
        data-pending={pending !== undefined || undefined}
        role="button"
        tabIndex={tabbable ? 0 : -1}
        aria-describedby="card-keys"
        aria-current={focused || undefined}
        onFocus={() => interaction.focused.set(id)}
        aria-pressed={selected || undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) interaction.toggle(id);
          else open(id);
        }}
        className={classes(
          "cursor-default rounded px-2.5 py-2 text-left outline-offset-0 transition-opacity select-none [-webkit-touch-callout:none]",
          pending && "opacity-60",
          carried && "opacity-30",
        )}
      >
        <Card view={view} />
        {pending && <span className="sr-only">, moving to {statusTitle(pending.to)}</span>}
      </div>
      {refusal && (
        <div role="alert" className="border-t border-danger/30 px-2.5 py-1.5 text-meta text-danger">
          <p className="wrap-anywhere">
            {refusal.attempt}: {refusal.failure.message}
          </p>
          <RefusalActions id={id} to={isFixed ? undefined : refusal.to} />
        </div>
      )}
    </div>
  );
}

function RefusalActions({ id, to }: { readonly id: string; readonly to: Status | undefined }) {
  const { session, move } = useBoard();
  return (
    <div className="mt-1 flex gap-1">
      {to !== undefined && (
        <Button className="h-6 px-2 text-meta" onClick={() => move([id], to)}>
          Try again
        </Button>
      )}
      <Button look="quiet" className="h-6 px-2 text-meta" onClick={() => session.store.dismiss(id)}>
        Dismiss
      </Button>
    </div>
  );
}

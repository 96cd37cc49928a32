import { useDroppable } from "@dnd-kit/react";
import type { Status } from "@/lib/statuses.ts";
import { useBoard, useSelected } from "./context.ts";

/** Makes an element the drop target of a column. `isOver` while a card is over it, held by a pointer or by the keyboard. */
export function useDropTarget(status: Status): {
  readonly ref: (element: Element | null) => void;
  readonly isOver: boolean;
} {
  const { interaction } = useBoard();
  const { ref, isDropTarget } = useDroppable({ id: status });
  const isLiftedOver = useSelected(interaction.lifted, (card) => card?.over === status);
  return { ref, isOver: isDropTarget || isLiftedOver };
}

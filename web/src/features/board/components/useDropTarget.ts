import { useDroppable } from "@dnd-kit/react";
import type { Status } from "@/lib/statuses.ts";
import { useBoard, useSelected } from "./context.ts";

/** Makes an element a drop target of a column. `isOver` is true while a card is dragged over it, also by keyboard. */
export function useDropTarget(status: Status): {
  readonly ref: (element: Element | null) => void;
  readonly isOver: boolean;
} {
  const { interaction } = useBoard();
  const { ref, isDropTarget } = useDroppable({ id: status });
  const isLiftedOver = useSelected(interaction.lifted, (card) => card?.over === status);
  return { ref, isOver: isDropTarget || isLiftedOver };
}

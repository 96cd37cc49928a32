import { Button } from "@/components/Button.tsx";
import { Kbd } from "@/components/Kbd.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { useSignal } from "@/lib/signal.ts";
import { useMay } from "@/lib/viewer.ts";
import { useBoard } from "./context.ts";

/** The number of selected cards and the actions for them. */
export function SelectionBar() {
  const { interaction } = useBoard();
  const selected = useSignal(interaction.selected);
  const mayMove = useMay("move");
  const mayEdit = useMay("edit");
  if (selected.size === 0) return null;
  return (
    <div
      role="toolbar"
      aria-label="Selected cards"
      className="absolute bottom-5 left-1/2 z-20 flex -translate-x-1/2 items-center gap-2 rounded-lg border border-line-strong bg-raised py-1.5 pr-1.5 pl-3 shadow-lifted"
    >
      <span className="tabular whitespace-nowrap">{selected.size} selected</span>
      {mayMove && (
        <Button onClick={() => interaction.prompt.set({ kind: "move", ids: [...selected] })}>
          Move <Kbd>m</Kbd>
        </Button>
      )}
      {mayEdit && (
        <Button onClick={() => interaction.prompt.set({ kind: "agent", ids: [...selected] })}>
          Agent <Kbd>a</Kbd>
        </Button>
      )}
      <NotOffered action="move" className="max-w-72" />
      <Button look="quiet" onClick={() => interaction.clear()}>
        Clear <Kbd>Esc</Kbd>
      </Button>
    </div>
  );
}

import { useEffect } from "react";
import { Picker } from "@/components/Picker.tsx";
import { openPalette, palette } from "@/lib/commands.ts";
import { useSignal } from "@/lib/signal.ts";

/** The command palette: every page, filter and action by name. Ctrl K or Cmd K opens it, also in a text field. */
export function Palette() {
  const offered = useSignal(palette);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (palette.get()) palette.set(undefined);
      else if (!document.querySelector("dialog[open]")) openPalette();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  if (!offered) return null;
  const close = () => palette.set(undefined);
  return (
    <Picker
      label="Do or go to"
      choices={offered}
      onClose={close}
      onChoose={(choice) => {
        close();
        // The dialog restores the focus first, because the command may act on the focused element.
        requestAnimationFrame(() => offered.find((command) => command.key === choice.key)?.run());
      }}
    />
  );
}

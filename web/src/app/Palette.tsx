import { useEffect } from "react";
import { Picker } from "@/components/Picker.tsx";
import { openPalette, palette } from "@/lib/commands.ts";
import { useSignal } from "@/lib/signal.ts";

/** Every page, filter and action, by name. Ctrl K or Cmd K opens it anywhere, in a text field too. */
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
        // The dialog first gives the focus back to what the command may be about.
        requestAnimationFrame(() => offered.find((command) => command.key === choice.key)?.run());
      }}
    />
  );
}

import { useEffect, useEffectEvent, type ReactNode } from "react";
import { signal } from "./signal.ts";

/** A command of the command palette. */
export type Command = {
  /** Unique on the page. */
  readonly key: string;
  readonly group: string;
  readonly text: string;
  readonly mark?: ReactNode;
  /** The shortcut that does the same. */
  readonly hint?: string;
  readonly run: () => void;
};

/** Called when the palette opens, because the commands depend on the focus and the selection. */
type Source = () => readonly Command[];

const sources = new Set<Source>();

/** The commands in the open palette; undefined while it is closed. */
export const palette = signal<readonly Command[] | undefined>(undefined);

/** Opens the palette with all commands that are available now. */
export const openPalette = (): void => palette.set([...sources].flatMap((source) => source()));

/** Registers commands. Returns the function that removes them. */
export function addCommands(source: Source): () => void {
  sources.add(source);
  return () => {
    sources.delete(source);
  };
}

/** Registers commands while the calling component is mounted. */
export function useCommands(source: Source): void {
  const offered = useEffectEvent(source);
  useEffect(() => addCommands(() => offered()), []);
}

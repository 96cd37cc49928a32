import { ScrollText, SquareKanban, type LucideIcon } from "lucide-react";

export type Page = {
  readonly path: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** Pressed after `g`, it goes there. */
  readonly key: string;
};

/** The pages there are, in the order of the rail. */
export const PAGES: readonly Page[] = [
  { path: "/board", title: "Board", icon: SquareKanban, key: "b" },
  { path: "/audit", title: "Audit", icon: ScrollText, key: "u" },
];

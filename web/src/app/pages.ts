import {
  Bot,
  ChartNoAxesColumn,
  FolderKanban,
  CirclePlay,
  ListOrdered,
  ScrollText,
  SquareKanban,
  Webhook,
  type LucideIcon,
} from "lucide-react";

export type Page = {
  readonly path: string;
  readonly title: string;
  readonly icon: LucideIcon;
  /** The key that opens the page after `g`. */
  readonly key: string;
  /** Where its link is shown: always if absent, `desk` not on phones, `none` never, because other pages link to it. */
  readonly rail?: "desk" | "none";
};

/** All pages, in the order of the rail. */
export const PAGES: readonly Page[] = [
  { path: "/", title: "Overview", icon: ChartNoAxesColumn, key: "o" },
  { path: "/board", title: "Board", icon: SquareKanban, key: "b" },
  { path: "/queue", title: "Queue", icon: ListOrdered, key: "q" },
  { path: "/agents", title: "Agents", icon: Bot, key: "a" },
  { path: "/automation", title: "Automation", icon: CirclePlay, key: "c" },
  { path: "/projects", title: "Projects", icon: FolderKanban, key: "p", rail: "desk" },
  { path: "/audit", title: "Audit", icon: ScrollText, key: "u", rail: "desk" },
  { path: "/webhooks", title: "Webhooks", icon: Webhook, key: "w", rail: "none" },
];

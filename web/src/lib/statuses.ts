/** The columns of a board in their order. The number key of a status is its place here, from 1. */
export const STATUSES = [
  "BACKLOG",
  "READY",
  "IN_PROGRESS",
  "IN_REVIEW",
  "BLOCKED",
  "DONE",
] as const;

export type Status = (typeof STATUSES)[number];

const TITLES: Readonly<Record<Status, string>> = {
  BACKLOG: "Backlog",
  READY: "Ready",
  IN_PROGRESS: "In Progress",
  IN_REVIEW: "In Review",
  BLOCKED: "Blocked",
  DONE: "Done",
};

/** What a column is called on the page. */
export const statusTitle = (status: Status): string => TITLES[status];

/** The colour of a status as a CSS value; for small marks only, never for areas or text. */
export const statusColor = (status: Status): string => `var(--${statusWord(status)})`;

/** A status as addresses and labels spell it: `in-progress`. */
export const statusWord = (status: Status): string => status.toLowerCase().replace("_", "-");

/** The status that a number key names. */
export const statusOfKey = (key: string): Status | undefined =>
  /^[1-6]$/.test(key) ? STATUSES[Number(key) - 1] : undefined;

export const PRIORITIES = ["P0", "P1", "P2", "P3"] as const;

export type Priority = (typeof PRIORITIES)[number];

const PRIORITY_TITLES: Readonly<Record<Priority, string>> = {
  P0: "Urgent",
  P1: "High",
  P2: "Medium",
  P3: "Low",
};

export const priorityTitle = (priority: Priority): string => PRIORITY_TITLES[priority];

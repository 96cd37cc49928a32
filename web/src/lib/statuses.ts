/** The columns of the board in their order. The number key of a status is its position, from 1. */
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

/** The title of a column. */
export const statusTitle = (status: Status): string => TITLES[status];

/** The colour of a status as a CSS value. It is for small marks only, because the contrast is too low for text. */
export const statusColor = (status: Status): string => `var(--${statusWord(status)})`;

/** A status in addresses and labels, such as `in-progress`. */
export const statusWord = (status: Status): string => status.toLowerCase().replace("_", "-");

/** The status of a number key. */
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

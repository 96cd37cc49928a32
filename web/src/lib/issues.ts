/** Whether two names of agents, owners, labels or repositories are the same for GitHub, which ignores case. */
export const isSameName = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();

/** Whether an issue has left the board; absent in lists without such issues. */
export type MayLeave = {
  readonly removedAt?: string | null;
  readonly repository: { readonly enabled?: boolean };
};

const READ_ONLY = {
  ARCHIVED: "is archived on GitHub",
  DISABLED: "is disabled on GitHub",
  LOCKED: "is locked on GitHub",
  ISSUES_DISABLED: "has issues disabled on GitHub",
  NO_PERMISSION: "may only be read with Dispatch's GitHub token",
} as const;

type MayBeReadOnly = {
  readonly fullName: string;
  readonly readOnlyReason: keyof typeof READ_ONLY | null;
};

/** Why the issues of a repository cannot be changed, as a sentence; undefined if they can. */
export const whyReadOnly = ({ fullName, readOnlyReason }: MayBeReadOnly): string | undefined =>
  readOnlyReason === null
    ? undefined
    : `${fullName} ${READ_ONLY[readOnlyReason]}: its issues cannot be changed.`;

/** Why an issue has no card any more, in words; undefined if it may have one. */
export function whyLeft({ removedAt, repository }: MayLeave): string | undefined {
  if (removedAt != null) return "deleted or transferred";
  if (repository.enabled === false) return "no longer tracked";
  return undefined;
}

/** A part of the automation, by what the server calls it. */
export const PARTS = {
  ACTIONS: "Workflows",
  CONTENTS: "Releases",
  PULL_REQUESTS: "Pull requests",
  CHECKS: "Checks",
  DEPLOYMENTS: "Deployments",
  PACKAGES: "Packages",
  SECRET_SCANNING: "Secret scanning",
} as const;

type Missing = readonly { readonly part: string; readonly permission: string }[];

/** The permission that a part lacks; undefined where it can be read. */
export const permissionFor = (missing: Missing, part: keyof typeof PARTS): string | undefined =>
  missing.find((each) => each.part === part)?.permission;

const HOUR = 60 * 60_000;

/** Whether what is shown is older than it should be: read more than an hour ago, or never though tried. */
export function isOutdated(
  automation: { readonly lastSyncedAt: string | null; readonly lastAttemptedAt: string | null },
  now: number,
): boolean {
  if (automation.lastSyncedAt === null) return automation.lastAttemptedAt !== null;
  return now - Date.parse(automation.lastSyncedAt) > HOUR;
}

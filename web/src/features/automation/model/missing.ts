/** The titles of the parts of the automation data. */
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

/** The missing permission of a part; undefined if the part can be read. */
export const permissionFor = (missing: Missing, part: keyof typeof PARTS): string | undefined =>
  missing.find((each) => each.part === part)?.permission;

const HOUR = 60 * 60_000;

/** Whether the last successful sync was more than an hour ago, or all attempts have failed. */
export function isOutdated(
  automation: { readonly lastSyncedAt: string | null; readonly lastAttemptedAt: string | null },
  now: number,
): boolean {
  if (automation.lastSyncedAt === null) return automation.lastAttemptedAt !== null;
  return now - Date.parse(automation.lastSyncedAt) > HOUR;
}

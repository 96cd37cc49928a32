import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "@/components/classes.ts";
import { fullTime, since, useNow } from "@/lib/time.ts";
import { isOutdated } from "../model/missing.ts";

/** A number with its noun. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** Marks a repository that the settings track. */
export const SeedBadge = (): ReactNode => (
  <span
    className="shrink-0 rounded-full border border-line px-1.5 text-meta text-ink-faint"
    title="Tracked because the setting GITHUB_REPOSITORIES named it at the first start"
  >
    from settings
  </span>
);

/** Why the data is outdated, and when it was last read. */
export function SyncProblem({
  automation: { syncError, lastSyncedAt, lastAttemptedAt },
  className,
}: {
  readonly automation: {
    readonly syncError: string | null;
    readonly lastSyncedAt: string | null;
    readonly lastAttemptedAt: string | null;
  };
  readonly className?: string;
}) {
  const now = useNow();
  const isOld = isOutdated({ lastSyncedAt, lastAttemptedAt }, now);
  if (syncError === null && !isOld && lastSyncedAt !== null) return null;
  const synced =
    lastSyncedAt === null ? (
      "Not synced yet"
    ) : (
      <time dateTime={lastSyncedAt} title={fullTime(lastSyncedAt)}>
        Last synced {since(lastSyncedAt, now)}
      </time>
    );
  return (
    <div className={classes("mt-1 flex flex-col gap-0.5 text-meta", className)}>
      {syncError !== null && (
        <p className="flex gap-1.5 text-danger">
          <TriangleAlert size={13} className="mt-px shrink-0" aria-hidden />
          <span className="wrap-anywhere">{syncError}</span>
        </p>
      )}
      <p className={isOld ? "text-warning" : "text-ink-faint"}>{synced}</p>
    </div>
  );
}

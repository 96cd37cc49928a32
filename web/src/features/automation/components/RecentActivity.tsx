import { Link } from "wouter";
import { Panel } from "@/components/Panel.tsx";
import type { ActivityEvent } from "../api/activity.ts";
import { ActivityLine } from "./ActivityLine.tsx";

/** The latest events of a repository. */
export function RecentActivity({
  repository,
  events,
}: {
  /** Its full name. */
  readonly repository: string;
  readonly events: readonly ActivityEvent[];
}) {
  return (
    <Panel
      title="Recent activity"
      action={
        <Link
          href={`/automation/activity?repo=${encodeURIComponent(repository)}`}
          className="rounded text-meta text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
        >
          All activity
        </Link>
      }
    >
      {events.length === 0 ? (
        <p className="text-ink-faint">No events recorded yet.</p>
      ) : (
        <ul className="-mx-4 -mb-2">
          {events.map((event) => (
            <li key={event.id} className="border-t border-line">
              <ActivityLine event={event} isRepositoryShown={false} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

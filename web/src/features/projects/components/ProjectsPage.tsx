import { useMemo } from "react";
import { Link } from "wouter";
import { StatusBar } from "@/components/charts.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { EmptyState } from "@/components/states.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { statusTitle } from "@/lib/statuses.ts";
import { projectsQuery, type Project } from "../api/projects.ts";

/** Every tracked repository with its columns side by side. */
export function ProjectsPage() {
  const query = useMemo(() => projectsQuery(), []);
  return (
    <LivePage title="Projects" query={query}>
      {(projects) =>
        projects.length === 0 ? (
          <EmptyState title="No issues have been synced yet">
            Each tracked repository that has issues appears here, with a column for each status.
          </EmptyState>
        ) : (
          <ul className="flex flex-col gap-3 p-4">
            {projects.map((project) => (
              <ProjectCard key={project.repository.id} project={project} />
            ))}
          </ul>
        )
      }
    </LivePage>
  );
}

function ProjectCard({
  project: { repository, totalCount, byStatus, columns },
}: {
  readonly project: Project;
}) {
  const board = `/board?repo=${encodeURIComponent(repository.fullName)}`;
  return (
    <li className="rounded-lg border border-line bg-card">
      <div className="flex items-center gap-3 border-b border-line px-4 py-2.5">
        <h2 className="min-w-0 truncate font-semibold">
          <Link href={board} className="rounded hover:underline">
            {repository.name}
          </Link>
        </h2>
        <span className="tabular shrink-0 rounded-full border border-line px-1.5 text-meta text-ink-soft">
          {totalCount} {totalCount === 1 ? "issue" : "issues"}
        </span>
        <StatusBar
          label={repository.name}
          counts={byStatus}
          of={totalCount}
          className="ml-auto w-40 max-sm:w-20"
        />
      </div>
      <div className="grid gap-x-4 gap-y-3 px-4 py-3 sm:grid-cols-3 xl:grid-cols-6">
        {columns.map(({ status, totalCount: count, issues }) => (
          <div key={status} className="min-w-0">
            <h3 className="mb-1 flex items-center gap-1.5 text-meta font-medium text-ink-soft">
              <StatusGlyph status={status} size={12} />
              {statusTitle(status)}
              <span className="tabular text-ink-faint">{count}</span>
            </h3>
            {issues.nodes.length === 0 ? (
              <p className="text-meta text-ink-faint">No issues</p>
            ) : (
              <ul>
                {issues.nodes.map((issue) => (
                  <li key={issue.id} className="flex min-w-0 gap-1.5 py-0.5">
                    <span className="tabular shrink-0 text-ink-faint">#{issue.number}</span>
                    <Link
                      href={`${board}&issue=${issue.id}`}
                      className="truncate rounded hover:underline"
                      title={issue.title}
                    >
                      <bdi>{issue.title}</bdi>
                    </Link>
                  </li>
                ))}
                {count > issues.nodes.length && (
                  <li className="py-0.5 text-meta text-ink-faint">
                    <Link href={board} className="rounded hover:underline">
                      and {count - issues.nodes.length} more
                    </Link>
                  </li>
                )}
              </ul>
            )}
          </div>
        ))}
      </div>
    </li>
  );
}

import { ExternalLink } from "lucide-react";
import { useMemo } from "react";
import { Link } from "wouter";
import { StatusBar } from "@/components/StatusBar.tsx";
import { classes } from "@/components/classes.ts";
import { LivePage } from "@/components/LivePage.tsx";
import { EmptyState } from "@/components/states.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { boardAddress } from "@/lib/address.ts";
import { statusTitle } from "@/lib/statuses.ts";
import { projectsQuery, type Project } from "../api/projects.ts";

/** All tracked repositories with their columns side by side. */
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
  const [owner] = repository.fullName.split("/");
  return (
    <li className="rounded-lg border border-line bg-card">
      <div className="flex items-center gap-3 border-b border-line px-4 py-2.5">
        <h2 className="min-w-0 truncate font-semibold">
          <Link
            href={boardAddress({ repository: repository.fullName })}
            className="rounded hover:underline"
            title={`${repository.fullName} on the board`}
          >
            <span className="font-normal text-ink-faint max-sm:hidden">{owner}/</span>
            {repository.name}
          </Link>
        </h2>
        <a
          href={repository.url}
          target="_blank"
          rel="noreferrer noopener"
          aria-label={`${repository.fullName} on GitHub`}
          title="On GitHub"
          className="-ml-1.5 shrink-0 rounded p-1.5 text-ink-faint hover:bg-column hover:text-ink"
        >
          <ExternalLink size={13} aria-hidden />
        </a>
        <span className="grow" />
        <StatusBar
          label={repository.name}
          counts={byStatus}
          of={totalCount}
          className="w-40 max-sm:hidden"
        />
        <span className="tabular w-20 shrink-0 text-right text-ink-soft">
          {totalCount.toLocaleString()} {totalCount === 1 ? "issue" : "issues"}
        </span>
      </div>
      <div className="grid gap-x-4 gap-y-3 px-4 py-3 sm:grid-cols-3 xl:grid-cols-6">
        {columns.map((column) => (
          <Column key={column.status} column={column} repository={repository.fullName} />
        ))}
      </div>
    </li>
  );
}

/** The newest issues of a column. The title links to GitHub, the number to the card. */
function Column({
  column: { status, totalCount, issues },
  repository,
}: {
  readonly column: Project["columns"][number];
  readonly repository: string;
}) {
  const more = totalCount - issues.nodes.length;
  return (
    <div className={classes("min-w-0", totalCount === 0 && "max-sm:hidden")}>
      <h3 className="mb-1 flex items-center gap-1.5 text-meta font-medium text-ink-soft">
        <StatusGlyph status={status} size={12} />
        {statusTitle(status)}
        <span className="tabular text-ink-faint">{totalCount.toLocaleString()}</span>
      </h3>
      {issues.nodes.length === 0 ? (
        <p className="text-meta text-ink-faint">No issues</p>
      ) : (
        <ul>
          {issues.nodes.map((issue) => (
            <li key={issue.id} className="flex min-w-0 gap-1.5">
              <Link
                href={boardAddress({ repository, issue: issue.id })}
                className="tabular h-6 min-w-6 shrink-0 rounded leading-6 text-ink-faint hover:text-ink hover:underline"
                title={`#${issue.number} on the board`}
              >
                #{issue.number}
              </Link>
              <a
                href={issue.url}
                target="_blank"
                rel="noreferrer noopener"
                className="h-6 min-w-6 truncate rounded leading-6 hover:underline"
                title={`${issue.title} (on GitHub)`}
              >
                <bdi>{issue.title}</bdi>
              </a>
            </li>
          ))}
          {more > 0 && (
            <li className="text-meta">
              <Link
                href={boardAddress({ repository, statuses: [status] })}
                className="inline-block h-6 rounded leading-6 text-ink-faint hover:text-ink hover:underline"
              >
                and {more.toLocaleString()} more
              </Link>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

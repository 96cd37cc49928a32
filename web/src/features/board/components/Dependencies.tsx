import { CircleCheck, CircleDashed, CircleDot, ExternalLink } from "lucide-react";
import { useId, type MouseEvent } from "react";
import { Link } from "wouter";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { classes } from "@/components/classes.ts";
import { statusTitle } from "@/lib/statuses.ts";
import type { Dependency, IssueDetail } from "../api/panel.ts";
import { useBoard, useCard } from "./context.ts";

/** The issues that the open issue waits for, and those that wait for it. Renders nothing without any. */
export function Dependencies({ issue }: { readonly issue: IssueDetail["issue"] }) {
  if (issue.blockedBy.length === 0 && issue.blocks.length === 0) return null;
  const home = issue.repository.fullName;
  return (
    <div className="mt-4 flex flex-col gap-3 border-t border-line pt-4">
      <List title="Blocked by" all={issue.blockedBy} home={home} />
      <List title="Blocks" all={issue.blocks} home={home} />
    </div>
  );
}

function List({
  title,
  all,
  home,
}: {
  readonly title: string;
  readonly all: readonly Dependency[];
  readonly home: string;
}) {
  const heading = useId();
  if (all.length === 0) return null;
  return (
    <section aria-labelledby={heading}>
      <h3 id={heading} className="text-meta font-semibold text-ink-soft">
        {title}
      </h3>
      <ul className="mt-1 -ml-1.5">
        {all.map((one) => (
          <li key={`${one.repository}#${one.number}`}>
            {one.issue ? (
              <Cached dependency={one} issue={one.issue} home={home} />
            ) : (
              <Elsewhere dependency={one} home={home} />
            )}
          </li>
        ))}
      </ul>
      {all.length >= MOST_LISTED && (
        <p className="mt-1 text-meta text-ink-faint">More than {MOST_LISTED - 1} are not listed.</p>
      )}
    </section>
  );
}

/** The maximum number of issues that the server lists in each direction. */
const MOST_LISTED = 100;

const ROW =
  "flex min-h-7 items-center gap-1.5 rounded px-1.5 py-0.5 text-board hover:bg-line/60 max-sm:min-h-9";

/** A dependency that is on the board, with the current data of its card. */
function Cached({
  dependency,
  issue,
  home,
}: {
  readonly dependency: Dependency;
  readonly issue: NonNullable<Dependency["issue"]>;
  readonly home: string;
}) {
  const { open } = useBoard();
  const card = useCard(issue.id);
  const { title, state } = card?.issue ?? issue;
  const status = card?.status ?? issue.status;
  const isOpen = state === "OPEN";
  const name = nameOf(dependency, home);
  const show = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(issue.id);
  };
  return (
    <Link
      href={`/board?issue=${issue.id}`}
      onClick={show}
      className={ROW}
      title={`${name}: ${title} (${isOpen ? statusTitle(status) : "closed"}; ${sourceOf(dependency)})`}
    >
      <StatusGlyph status={status} />
      <span className="sr-only">{isOpen ? statusTitle(status) : "Closed"}: </span>
      <span className={classes("min-w-0 truncate", !isOpen && "text-ink-faint line-through")}>
        <bdi>{title}</bdi>
      </span>
      <Name>{name}</Name>
    </Link>
  );
}

/** A dependency that is not stored by Dispatch. */
function Elsewhere({
  dependency,
  home,
}: {
  readonly dependency: Dependency;
  readonly home: string;
}) {
  const { isOpen, url } = dependency;
  const state =
    isOpen === null ? "whether it is open is not known yet" : isOpen ? "open" : "closed";
  const name = nameOf(dependency, home);
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer noopener"
      className={ROW}
      title={`${name} on GitHub (${state}; ${sourceOf(dependency)})`}
    >
      {isOpen === null ? (
        <CircleDashed size={14} className="shrink-0 text-ink-faint" aria-hidden />
      ) : isOpen ? (
        <CircleDot size={14} className="shrink-0 text-success" aria-hidden />
      ) : (
        <CircleCheck size={14} className="shrink-0 text-ink-faint" aria-hidden />
      )}
      <span className="sr-only">{state}: </span>
      <span
        className={classes(
          "tabular min-w-0 truncate",
          isOpen === false && "text-ink-faint line-through",
        )}
      >
        {name}
      </span>
      <ExternalLink size={12} className="shrink-0 text-ink-faint" aria-hidden />
      <span className="sr-only">, on GitHub</span>
    </a>
  );
}

const Name = ({ children }: { readonly children: string }) => (
  <span className="tabular ml-auto max-w-[45%] shrink-0 truncate pl-2 text-meta text-ink-faint">
    {children}
  </span>
);

/** `#5` in the same repository, `acme/tools#5` from another. */
const nameOf = ({ repository, number }: Dependency, home: string): string =>
  repository.toLowerCase() === home.toLowerCase() ? `#${number}` : `${repository}#${number}`;

/** Where the dependency was declared. */
const sourceOf = ({ sources }: Dependency): string =>
  sources.includes("GITHUB")
    ? sources.includes("TEXT")
      ? "by GitHub's relation and the text"
      : "by GitHub's relation"
    : "by the text";

import { Link } from "wouter";
import { whyLeft, type MayLeave } from "@/lib/issues.ts";

type Named = MayLeave & {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly repository: { readonly name: string };
};

/** An issue's title with a link to its card. An issue that has left the board has no card, and shows why. */
export function IssueLink({ issue }: { readonly issue: Named }) {
  const title = `${issue.repository.name} #${issue.number}: ${issue.title}`;
  const left = whyLeft(issue);
  if (left !== undefined) {
    return (
      <span className="min-w-0 truncate text-ink-faint" title={`${title} (${left})`}>
        <bdi>{issue.title}</bdi> <span className="text-meta">({left})</span>
      </span>
    );
  }
  return (
    <Link
      href={`/board?issue=${issue.id}`}
      className="-my-[3px] min-w-0 truncate rounded py-[3px] hover:underline"
      title={title}
    >
      <bdi>{issue.title}</bdi>
    </Link>
  );
}

/** The repository and the number of an issue, such as `rocket #12`. */
export const IssueNumber = ({ issue }: { readonly issue: Named }) => (
  <span className="tabular shrink-0 text-meta text-ink-faint">
    {issue.repository.name} #{issue.number}
  </span>
);

import { Link } from "wouter";

type Named = {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly repository: { readonly name: string };
};

/** An issue by its title, and the way to its card. */
export function IssueLink({ issue }: { readonly issue: Named }) {
  return (
    <Link
      href={`/board?issue=${issue.id}`}
      className="min-w-0 truncate rounded hover:underline"
      title={`${issue.repository.name} #${issue.number}: ${issue.title}`}
    >
      <bdi>{issue.title}</bdi>
    </Link>
  );
}

/** Where an issue is from, as one says it. */
export const IssueNumber = ({ issue }: { readonly issue: Named }) => (
  <span className="tabular shrink-0 text-meta text-ink-faint">
    {issue.repository.name} #{issue.number}
  </span>
);

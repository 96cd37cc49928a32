import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";

/** Issues of a column that are named; the count tells of the others. */
export const NAMED = 5;

export const ProjectsQuery = graphql(`
  query Projects {
    projects {
      totalCount
      byStatus {
        status
        issues
      }
      repository {
        id
        fullName
        name
        url
      }
    }
  }
`);

export const NamedIssues = graphql(`
  query NamedIssues($repository: String!, $first: Int!) {
    board(filter: { repositories: [$repository] }) {
      columns {
        status
        totalCount
        issues(first: $first) {
          nodes {
            id
            number
            title
          }
        }
      }
    }
  }
`);

type Listed = ResultOf<typeof ProjectsQuery>["projects"][number];
type Columns = ResultOf<typeof NamedIssues>["board"]["columns"];

/** A repository with the first issues of each of its columns. */
export type Project = Listed & { readonly columns: Columns };

/** Every tracked repository that has issues, by its short name, kept true. */
export const projectsQuery = () =>
  new LiveQuery<readonly Project[]>(async () => {
    const answer = await ask(ProjectsQuery, {});
    if (answer.failure) return answer;
    const { projects } = answer.data;
    const named = await Promise.all(
      projects.map(({ repository }) =>
        ask(NamedIssues, { repository: repository.fullName, first: NAMED }),
      ),
    );
    const failure = named.find((each) => each.failure)?.failure;
    if (failure) return { failure };
    return {
      data: projects
        .map((project, index) => ({ ...project, columns: named[index]?.data?.board.columns ?? [] }))
        .sort((a, b) => a.repository.name.localeCompare(b.repository.name)),
    };
  });

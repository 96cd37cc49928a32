import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";

/** The number of issues that are listed for each column. */
const NAMED = 5;

export const ProjectsQuery = graphql(`
  query Projects($first: Int!) {
    projects {
      totalCount
      byStatus {
        status
        issues
      }
      columns {
        status
        totalCount
        issues(first: $first) {
          nodes {
            id
            number
            title
            url
          }
        }
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

/** A repository with the first issues of each of its columns. */
export type Project = ResultOf<typeof ProjectsQuery>["projects"][number];

/** All tracked repositories with issues, sorted by short name, updated live. */
export const projectsQuery = () =>
  new LiveQuery<readonly Project[]>(async () => {
    const answer = await ask(ProjectsQuery, { first: NAMED });
    if (answer.failure) return answer;
    const byName = (a: Project, b: Project) => a.repository.name.localeCompare(b.repository.name);
    return { data: [...answer.data.projects].sort(byName) };
  });

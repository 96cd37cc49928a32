import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";

/** Issues of a column that are named; the count includes the others. */
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

/** Every tracked repository that has issues, by its short name, updated live. */
export const projectsQuery = () =>
  new LiveQuery<readonly Project[]>(async () => {
    const answer = await ask(ProjectsQuery, { first: NAMED });
    if (answer.failure) return answer;
    const byName = (a: Project, b: Project) => a.repository.name.localeCompare(b.repository.name);
    return { data: [...answer.data.projects].sort(byName) };
  });

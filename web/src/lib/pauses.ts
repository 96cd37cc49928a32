import { ask, change, type Answer } from "./graphql/client.ts";
import { graphql, type ResultOf, type VariablesOf } from "./graphql/graphql.ts";
import { latestOnly } from "./latestOnly.ts";
import { listenToBoard } from "./liveQuery.ts";
import { signal } from "./signal.ts";

export const PauseFields = graphql(`
  fragment PauseFields on Pause {
    id
    scope
    subject
    stopsHolders
    endsAt
    held
    summary
  }
`);

export const PausesQuery = graphql(
  `
    query Pauses {
      pauses {
        ...PauseFields
      }
    }
  `,
  [PauseFields],
);

export const PauseWork = graphql(
  `
    mutation PauseWork($input: PauseWorkInput!) {
      pauseWork(input: $input) {
        pause {
          ...PauseFields
        }
      }
    }
  `,
  [PauseFields],
);

export const ResumeWork = graphql(`
  mutation ResumeWork($input: ResumeWorkInput!) {
    resumeWork(input: $input) {
      pauseId
    }
  }
`);

/** A pause: agents are served no issues of a repository, of a lane, to one agent, or none at all. */
export type Pause = ResultOf<typeof PauseFields>;
export type PauseScope = Pause["scope"];
export type PauseInput = VariablesOf<typeof PauseWork>["input"];

/** The current pauses, oldest first, updated live while `watchPauses` runs. */
export const pauses = signal<readonly Pause[]>([]);

/** The minimum time between two requests for the number of issues that are still held. */
const COUNT_EVERY_MS = 1_500;

const answers = latestOnly();

async function refresh(): Promise<void> {
  const isLatest = answers.start();
  const { data } = await ask(PausesQuery, {});
  if (data && isLatest()) pauses.set(data.pauses);
}

/**
 * Keeps the pauses up to date. Their begin and end cause a `Resync` of the board. While there are pauses, every other
 * event may change the number of issues that are still held. Returns the function that stops it.
 */
export function watchPauses(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void refresh();
    }, COUNT_EVERY_MS);
  };
  void refresh();
  const stop = listenToBoard({
    onItem: ({ boardEvents }) => {
      if (boardEvents.__typename === "Resync") void refresh();
      else if (pauses.get().length > 0) soon();
    },
    onMissed: () => void refresh(),
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

/** Adds a pause, or changes an existing one. */
export async function pauseWork(input: PauseInput): Promise<Answer<Pause>> {
  const answer = await change(PauseWork, { input });
  if (answer.failure) return answer;
  const { pause } = answer.data.pauseWork;
  answers.supersede();
  pauses.set([...pauses.get().filter(({ id }) => id !== pause.id), pause]);
  return { data: pause };
}

/** Ends a pause. It also succeeds if the pause has already ended. */
export async function resumeWork(id: string): Promise<Answer<unknown>> {
  const answer = await change(ResumeWork, { input: { pauseId: id } });
  if (answer.failure && answer.failure.code !== "NOT_FOUND") return answer;
  answers.supersede();
  pauses.set(pauses.get().filter((pause) => pause.id !== id));
  return { data: id };
}

/** The scope of a pause inside a sentence: `everything`, `acme/rocket`, `the lane default`, `the agent quill`. */
export function pauseSubject({ scope, subject }: Pick<Pause, "scope" | "subject">): string {
  if (subject === null) return "everything";
  if (scope === "LANE") return `the lane ${subject}`;
  return scope === "AGENT" ? `the agent ${subject}` : subject;
}

/** The number of issues of a pause that are still held, in words. */
export const heldWords = (held: number): string =>
  held === 0 ? "drained" : `${held} ${held === 1 ? "issue" : "issues"} still held`;

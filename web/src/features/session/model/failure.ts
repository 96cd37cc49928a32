/** Why the sign-in failed, and which of the two fields is wrong, if it is one of them. */
export type SignInFailure = {
  readonly field: "name" | "token" | undefined;
  readonly message: string;
};

export const UNREACHABLE: SignInFailure = {
  field: undefined,
  message: "Dispatch cannot be reached.",
};

type Problem = Partial<Record<"detail" | "error" | "field", unknown>>;

/** Reads the problem document of a response. */
export async function failureOf(response: Response): Promise<SignInFailure> {
  const problem = await problemOf(response);
  const said = [problem.detail, problem.error].find((text) => typeof text === "string");
  const message =
    said === undefined ? `Dispatch answered with status ${response.status}.` : sentence(said);
  switch (response.status) {
    case 400:
      return { field: problem.field === "token" ? "token" : "name", message };
    case 401:
      return { field: "token", message: "The token is wrong." };
    case 403:
      return { field: "token", message };
    case 429:
      return { field: "token", message: tooMany(response.headers.get("retry-after")) };
    default:
      return { field: undefined, message };
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return ((await response.json()) as Problem | null) ?? {};
  } catch {
    return {};
  }
}

function tooMany(retryAfter: string | null): string {
  const seconds = Number(retryAfter);
  const minutes = Math.ceil(seconds / 60);
  const when = !(seconds > 0) ? "later" : minutes === 1 ? "in a minute" : `in ${minutes} minutes`;
  return `Too many wrong tokens. Try again ${when}.`;
}

/** Adds a capital letter and a period to a text of the server, if they are missing. */
function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

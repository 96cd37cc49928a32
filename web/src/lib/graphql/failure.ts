import type { CombinedError } from "urql";

/** Why a request came to nothing, in words for the person who made it. */
export type Failure = {
  /** One sentence. The server's own where it gave one. */
  readonly message: string;
  /** The server's `extensions.code`, or `OFFLINE` when nobody answered. */
  readonly code: string;
};

const codeOf = (extensions: Readonly<Record<string, unknown>> | undefined): string =>
  typeof extensions?.code === "string" ? extensions.code : "INTERNAL_SERVER_ERROR";

/** Turns what urql reports into a sentence and a code. */
export function failureOf(error: CombinedError): Failure {
  const refusal = error.graphQLErrors[0];
  if (refusal) return { message: refusal.message, code: codeOf(refusal.extensions) };
  const status: unknown = (error.response as { status?: unknown } | undefined)?.status;
  if (status === 401) return { message: "Sign in to go on.", code: "UNAUTHENTICATED" };
  if (typeof status === "number" && status > 0) {
    return { message: `Dispatch answered with status ${status}.`, code: "UNAVAILABLE" };
  }
  return { message: "Dispatch cannot be reached.", code: "OFFLINE" };
}

/** The same for the errors that end a subscription. */
export function failureOfErrors(
  errors: readonly {
    message: string;
    extensions?: Readonly<Record<string, unknown>> | undefined;
  }[],
): Failure {
  const first = errors[0];
  return first
    ? { message: first.message, code: codeOf(first.extensions) }
    : { message: "The stream ended.", code: "INTERNAL_SERVER_ERROR" };
}

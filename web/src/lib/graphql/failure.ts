/** Why a request failed, in words for the person who made it. */
export type Failure = {
  /** One sentence. The server's own where it gave one. */
  readonly message: string;
  /** The server's `extensions.code`, or `OFFLINE` without a response. */
  readonly code: string;
};

const codeOf = (extensions: Readonly<Record<string, unknown>> | undefined): string =>
  typeof extensions?.code === "string" ? extensions.code : "INTERNAL_SERVER_ERROR";

/** Nobody answered. */
export const OFFLINE: Failure = { message: "Dispatch cannot be reached.", code: "OFFLINE" };

/** A response that is not one of GraphQL, such as that of a proxy. */
export const failureOfStatus = (status: number): Failure =>
  status === 401
    ? { message: "Sign in to go on.", code: "UNAUTHENTICATED" }
    : { message: `Dispatch answered with status ${status}.`, code: "UNAVAILABLE" };

/** The first of the errors that a response carries, or that end a subscription. */
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

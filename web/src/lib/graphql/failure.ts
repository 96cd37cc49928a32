/** Why a request failed. */
export type Failure = {
  /** A sentence for the person, from the server if it sent one. */
  readonly message: string;
  /** The `extensions.code` of the server, or `OFFLINE` without a response. */
  readonly code: string;
};

const codeOf = (extensions: Readonly<Record<string, unknown>> | undefined): string =>
  typeof extensions?.code === "string" ? extensions.code : "INTERNAL_SERVER_ERROR";

/** There was no response. */
export const OFFLINE: Failure = { message: "Dispatch cannot be reached.", code: "OFFLINE" };

/** The response is not a GraphQL response, such as one of a proxy. */
export const failureOfStatus = (status: number): Failure =>
  status === 401
    ? { message: "Sign in to go on.", code: "UNAUTHENTICATED" }
    : { message: `Dispatch answered with status ${status}.`, code: "UNAVAILABLE" };

/** The first of the errors of a response or a subscription. */
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

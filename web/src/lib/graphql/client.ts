import type { TadaDocumentNode } from "gql.tada";
import { underBase } from "../basePath.ts";
import { signal } from "../signal.ts";
import { operationNameOf, textOf } from "./document.ts";
import { failureOfErrors, failureOfStatus, OFFLINE, type Failure } from "./failure.ts";

const HEADERS = {
  "content-type": "application/json",
  accept: "application/graphql-response+json, application/json;q=0.9",
};

/** The data of a response, or the reason why there is none. Errors are not thrown. */
export type Answer<Data> =
  | { readonly data: Data; readonly failure?: never }
  | { readonly data?: never; readonly failure: Failure };

/**
 * Sends a query. A response with errors is a failure, even if it has some data. Responses are neither cached nor shared
 * with equal queries, because an earlier response may be older than the caller's data.
 */
export const ask = <Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> => send(document, variables);

/** The number of mutations that the server has denied. A change may mean that the session has ended. */
export const denials = signal(0);

/** Sends a mutation once. It is never repeated automatically, because the first may have been executed. */
export async function change<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const answer = await send(document, variables);
  const { code } = answer.failure ?? {};
  if (code === "UNAUTHENTICATED" || code === "FORBIDDEN") denials.set(denials.get() + 1);
  return answer;
}

async function send<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(underBase("/graphql"), {
      method: "POST",
      headers: HEADERS,
      body: JSON.stringify({
        operationName: operationNameOf(document),
        query: textOf(document),
        variables,
      }),
    });
    status = response.status;
    text = await response.text();
  } catch {
    return { failure: OFFLINE };
  }
  const result = parsed(text);
  if (!isResult(result)) return { failure: failureOfStatus(status) };
  if (result.errors && result.errors.length > 0) return { failure: failureOfErrors(result.errors) };
  if (result.data === undefined || result.data === null) {
    return {
      failure: { message: "Dispatch answered with nothing.", code: "INTERNAL_SERVER_ERROR" },
    };
  }
  // The server responds according to the schema from which the types were generated.
  return { data: result.data as Data };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Result = {
  readonly data?: unknown;
  readonly errors?: Parameters<typeof failureOfErrors>[0];
};

/** Whether a body is a GraphQL response, and not that of a proxy. */
const isResult = (body: unknown): body is Result =>
  typeof body === "object" &&
  body !== null &&
  ("data" in body || Array.isArray((body as Result).errors));

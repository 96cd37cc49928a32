import type { TadaDocumentNode } from "gql.tada";
import { Client, fetchExchange } from "urql";
import { underBase } from "../basePath.ts";
import { signal } from "../signal.ts";
import { failureOf, type Failure } from "./failure.ts";

/** Queries and mutations. There is no cache here: what the server says is kept by the store of each page. */
export const client = new Client({
  url: underBase("/graphql"),
  exchanges: [fetchExchange],
  requestPolicy: "network-only",
  preferGetMethod: false,
  fetchOptions: {
    headers: { accept: "application/graphql-response+json, application/json;q=0.9" },
  },
});

/** An answer or the reason why there is none; never both, and never thrown. */
export type Answer<Data> =
  | { readonly data: Data; readonly failure?: never }
  | { readonly data?: never; readonly failure: Failure };

/** Asks once. An answer that carries errors counts as a failure, even when part of it arrived. */
export async function ask<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const result = await client.query(document, variables).toPromise();
  return answerOf(result);
}

/** How many changes the server has denied this page. One more may mean that a session has ended. */
export const denials = signal(0);

/** Sends a change once. It is never repeated by itself, because the first may have been carried out. */
export async function change<Data, Variables extends Record<string, unknown>>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  const answer = answerOf(await client.mutation(document, variables).toPromise());
  const { code } = answer.failure ?? {};
  if (code === "UNAUTHENTICATED" || code === "FORBIDDEN") denials.set(denials.get() + 1);
  return answer;
}

function answerOf<Data>(result: {
  data?: Data | undefined;
  error?: Parameters<typeof failureOf>[0] | undefined;
}): Answer<Data> {
  if (result.error) return { failure: failureOf(result.error) };
  if (result.data === undefined || result.data === null) {
    return {
      failure: { message: "Dispatch answered with nothing.", code: "INTERNAL_SERVER_ERROR" },
    };
  }
  return { data: result.data };
}

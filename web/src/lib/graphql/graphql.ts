import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./schema.d.ts";

/**
 * Declares a document. Its result and variables are typed from the server's contract, `schema.graphql`, whose
 * types `npm run codegen` writes.
 */
export const graphql = initGraphQLTada<{
  disableMasking: true;
  introspection: introspection;
  scalars: {
    ID: string;
    /** UTC, with milliseconds and `Z`. */
    DateTime: string;
    /** Opaque: may be kept, compared for equality and handed back, nothing else. */
    EventCursor: string;
  };
}>();

export type { ResultOf, VariablesOf, TadaDocumentNode } from "gql.tada";

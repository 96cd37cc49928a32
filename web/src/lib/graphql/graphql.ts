import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./schema.d.ts";

/**
 * Declares a document. Its result and variables have the types of `schema.graphql`, which `npm run codegen` generates.
 */
export const graphql = initGraphQLTada<{
  disableMasking: true;
  introspection: introspection;
  scalars: {
    ID: string;
    /** UTC, with milliseconds and `Z`. */
    DateTime: string;
    /** Opaque: it can be stored, compared for equality and sent back. */
    EventCursor: string;
  };
}>();

export type { ResultOf, VariablesOf, TadaDocumentNode } from "gql.tada";

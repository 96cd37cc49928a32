import { print } from "@0no-co/graphql.web";
import type { TadaDocumentNode } from "gql.tada";

type Document = Pick<TadaDocumentNode, "kind" | "definitions">;

const texts = new WeakMap<object, string>();

/** The text of a document with its fragments, as it is sent. */
export function textOf(document: Document): string {
  const text = texts.get(document) ?? print(document);
  texts.set(document, text);
  return text;
}

/** The name of the operation in a document. */
export function operationNameOf({ definitions }: Document): string | undefined {
  for (const definition of definitions) {
    if ("operation" in definition) return definition.name?.value;
  }
  return undefined;
}

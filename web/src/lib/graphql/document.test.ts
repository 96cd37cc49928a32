import { parse } from "graphql";
import { expect, it } from "vitest";
import { operationNameOf, textOf } from "./document.ts";
import { graphql } from "./graphql.ts";

const Repository = graphql(`
  fragment TestRepository on Repository {
    fullName
  }
`);
const Issue = graphql(
  `
    fragment TestIssue on Issue {
      repository {
        ...TestRepository
      }
    }
  `,
  [Repository],
);
const Query = graphql(
  `
    query Test($id: ID!) {
      issue(id: $id) {
        ...TestIssue
        repository {
          ...TestRepository
        }
      }
    }
  `,
  [Issue, Repository],
);

it("the text contains every fragment once", () => {
  const names = parse(textOf(Query)).definitions.map((definition) =>
    "name" in definition ? definition.name.value : undefined,
  );
  expect(names).toEqual(["Test", "TestIssue", "TestRepository"]);
});

it("the text of a document is the same each time", () => {
  expect(textOf(Query)).toBe(textOf(Query));
  expect(textOf(Query)).not.toBe(textOf(Issue));
});

it("the name is that of the operation, not of a fragment", () => {
  expect(operationNameOf(Query)).toBe("Test");
  expect(operationNameOf(Issue)).toBeUndefined();
});

it("an operation need not have a name", () => {
  const unnamed = graphql(`
    {
      __typename
    }
  `);
  expect(operationNameOf(unnamed)).toBeUndefined();
  expect(parse(textOf(unnamed)).definitions).toHaveLength(1);
});

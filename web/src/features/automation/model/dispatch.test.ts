import { expect, it } from "vitest";
import { declaredInput as input } from "./fixtures.ts";
import { initialValues, inputsOf, problemsOf, refProblem } from "./dispatch.ts";

const choice = (changes: Parameters<typeof input>[0] = {}) =>
  input({ name: "level", type: "CHOICE", options: ["low", "high"], ...changes });

it("starts with the defaults of the file", () => {
  expect(
    initialValues([
      input({ default: "1.0" }),
      input({ name: "dry", type: "BOOLEAN", default: "true" }),
      input({ name: "wet", type: "BOOLEAN" }),
      choice({ default: "high" }),
      choice({ name: "must", required: true, default: "nonsense" }),
      choice({ name: "may" }),
    ]),
  ).toEqual({ version: "1.0", dry: "true", wet: "false", level: "high", must: "low", may: "" });
});

it.each([
  [input({ required: true }), "", "This is required."],
  [input({ required: true }), "  ", "This is required."],
  [input(), "", undefined],
  [input(), "x".repeat(65_536), "This has more than 65535 characters."],
  [input({ type: "NUMBER" }), "twelve", "This must be a number."],
  [input({ type: "NUMBER" }), "-1.5e3", undefined],
  [input({ type: "NUMBER" }), "Infinity", "This must be a number."],
  [choice(), "middle", "This is not one of the options."],
  [choice(), "low", undefined],
  [input({ type: "BOOLEAN" }), "perhaps", "This must be on or off."],
  [input({ type: "ENVIRONMENT" }), "production", undefined],
])("case %#", (declared, value, problem) => {
  const problems = problemsOf([declared], { [declared.name]: value });
  expect(problems[declared.name]).toBe(problem);
});

it("sends the entered values, without empty optional ones", () => {
  const inputs = [input(), input({ name: "count", type: "NUMBER" }), choice()];
  expect(inputsOf(inputs, { version: "2", count: " 3 ", level: "" })).toEqual([
    { name: "version", value: "2" },
    { name: "count", value: "3" },
  ]);
});

it.each([
  ["main", undefined],
  ["release/1.2", undefined],
  ["", "A branch or tag is required."],
  ["a b", "This is not a valid name of a branch or tag."],
  ["a..b", "This is not a valid name of a branch or tag."],
  ["/a", "This is not a valid name of a branch or tag."],
])("the ref %s", (ref, problem) => {
  expect(refProblem(ref)).toBe(problem);
});

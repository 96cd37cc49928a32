/** An input that the file of a workflow declares. */
export type DeclaredInput = {
  readonly name: string;
  readonly type: "STRING" | "BOOLEAN" | "CHOICE" | "NUMBER" | "ENVIRONMENT";
  readonly required: boolean;
  readonly default: string | null;
  readonly description: string | null;
  readonly options: readonly string[];
};

/** The entered values by the name of the input. */
export type Values = Readonly<Record<string, string>>;

/** The maximum length of a value on GitHub. */
const LONGEST = 65_535;

/** The initial value of an input. A required choice without a valid default has its first option, as on GitHub. */
export function initialValue({ type, default: value, options, required }: DeclaredInput): string {
  if (type === "BOOLEAN") return value === "true" ? "true" : "false";
  if (type === "CHOICE" && (value === null || !options.includes(value))) {
    return required ? (options[0] ?? "") : "";
  }
  return value ?? "";
}

export const initialValues = (inputs: readonly DeclaredInput[]): Values =>
  Object.fromEntries(inputs.map((input) => [input.name, initialValue(input)]));

/** Why a value is not valid for an input; undefined if it is valid. */
export function problemOf(input: DeclaredInput, value: string): string | undefined {
  const text = value.trim();
  if (text === "") return input.required ? "This is required." : undefined;
  switch (input.type) {
    case "NUMBER":
      return Number.isFinite(Number(text)) ? undefined : "This must be a number.";
    case "CHOICE":
      return input.options.includes(value) ? undefined : "This is not one of the options.";
    case "BOOLEAN":
      return value === "true" || value === "false" ? undefined : "This must be on or off.";
    case "STRING":
    case "ENVIRONMENT":
      return value.length > LONGEST ? `This has more than ${LONGEST} characters.` : undefined;
  }
}

/** The problems of the entered values, by the name of the input. */
export const problemsOf = (inputs: readonly DeclaredInput[], values: Values): Values =>
  Object.fromEntries(
    inputs.flatMap((input) => {
      const problem = problemOf(input, values[input.name] ?? "");
      return problem === undefined ? [] : [[input.name, problem]];
    }),
  );

/** The inputs of the request, without empty optional ones. */
export const inputsOf = (
  inputs: readonly DeclaredInput[],
  values: Values,
): readonly { readonly name: string; readonly value: string }[] =>
  inputs
    .map((input) => ({
      name: input.name,
      value:
        input.type === "NUMBER" ? (values[input.name] ?? "").trim() : (values[input.name] ?? ""),
    }))
    .filter(({ value }) => value !== "");

/**
 * Why a ref is not valid; undefined if it is valid. Git would allow a few of the rejected names, which are not in use.
 */
export const refProblem = (ref: string): string | undefined =>
  ref.trim() === ""
    ? "A branch or tag is required."
    : /[\s~^:?*[\\]|\.\.|^\/|\/$/.test(ref.trim())
      ? "This is not a valid name of a branch or tag."
      : undefined;

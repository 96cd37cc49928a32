import { expect, it } from "vitest";
import { failureOfErrors, failureOfStatus } from "./failure.ts";

it("the first error counts, with the server's code", () => {
  const errors = [
    { message: "Held by alpha", extensions: { code: "CONFLICT" } },
    { message: "Another", extensions: { code: "NOT_FOUND" } },
  ];
  expect(failureOfErrors(errors)).toEqual({ message: "Held by alpha", code: "CONFLICT" });
});

it.each([undefined, {}, { code: 7 }, { code: null }])(
  "an error whose extensions are %j has the code of an internal error",
  (extensions) => {
    expect(failureOfErrors([{ message: "Oops", extensions }])).toEqual({
      message: "Oops",
      code: "INTERNAL_SERVER_ERROR",
    });
  },
);

it("a stream that ends with an empty list of errors has ended", () => {
  expect(failureOfErrors([]).message).toBe("The stream ended.");
});

it("a status of 401 asks to sign in, any other names itself", () => {
  expect(failureOfStatus(401)).toEqual({ message: "Sign in to go on.", code: "UNAUTHENTICATED" });
  expect(failureOfStatus(403)).toEqual({
    message: "Dispatch answered with status 403.",
    code: "UNAVAILABLE",
  });
});

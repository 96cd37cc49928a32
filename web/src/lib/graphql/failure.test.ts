import { expect, it } from "vitest";
import { failureOfErrors, failureOfStatus } from "./failure.ts";

it("the first error is used, with the code of the server", () => {
  const errors = [
    { message: "Held by alpha", extensions: { code: "CONFLICT" } },
    { message: "Another", extensions: { code: "NOT_FOUND" } },
  ];
  expect(failureOfErrors(errors)).toEqual({ message: "Held by alpha", code: "CONFLICT" });
});

it.each([undefined, {}, { code: 7 }, { code: null }])(
  "an error with the extensions %j has the code of an internal error",
  (extensions) => {
    expect(failureOfErrors([{ message: "Oops", extensions }])).toEqual({
      message: "Oops",
      code: "INTERNAL_SERVER_ERROR",
    });
  },
);

it("an empty list of errors means that the stream has ended", () => {
  expect(failureOfErrors([]).message).toBe("The stream ended.");
});

it("a status of 401 asks to sign in, any other is named", () => {
  expect(failureOfStatus(401)).toEqual({ message: "Sign in to go on.", code: "UNAUTHENTICATED" });
  expect(failureOfStatus(403)).toEqual({
    message: "Dispatch answered with status 403.",
    code: "UNAVAILABLE",
  });
});

import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Answer } from "@/lib/graphql/client.ts";
import { useSubmit } from "./useSubmit.ts";

const REFUSED: Answer<string> = { failure: { code: "CONFLICT", message: "It moved" } };

/** Renders the hook with a `send` that the test answers. */
function setUp(onAccepted: (data: string) => void | Promise<void> = vi.fn()) {
  const answers: ((answer: Answer<string>) => void)[] = [];
  const send = vi.fn(() => new Promise<Answer<string>>((resolve) => answers.push(resolve)));
  const { result } = renderHook(() => useSubmit(send, onAccepted));
  return {
    send,
    submission: result,
    submit: () => act(() => void result.current.submit()),
    answer: (answer: Answer<string>) =>
      act(async () => {
        answers.shift()?.(answer);
        await Promise.resolve();
      }),
  };
}

afterEach(cleanup);

it("is idle at first", () => {
  const { submission, send } = setUp();
  expect(submission.current).toMatchObject({ isBusy: false, refusal: undefined });
  expect(send).not.toHaveBeenCalled();
});

it("is busy until the response arrives, and passes the data on", async () => {
  const onAccepted = vi.fn();
  const { submission, submit, answer } = setUp(onAccepted);
  submit();
  expect(submission.current.isBusy).toBe(true);
  expect(onAccepted).not.toHaveBeenCalled();
  await answer({ data: "saved" });
  expect(onAccepted).toHaveBeenCalledExactlyOnceWith("saved");
  expect(submission.current.isBusy).toBe(false);
});

it("keeps the error until an attempt succeeds", async () => {
  const onAccepted = vi.fn();
  const { submission, submit, answer } = setUp(onAccepted);
  submit();
  await answer(REFUSED);
  expect(submission.current).toMatchObject({ isBusy: false, refusal: "It moved" });
  expect(onAccepted).not.toHaveBeenCalled();
  submit();
  expect(submission.current).toMatchObject({ isBusy: true, refusal: "It moved" });
  await answer({ data: "saved" });
  expect(submission.current.refusal).toBeUndefined();
});

it("sends once for two presses in a row", async () => {
  const { send, submission, submit, answer } = setUp();
  act(() => {
    void submission.current.submit();
    void submission.current.submit();
  });
  expect(send).toHaveBeenCalledOnce();
  await answer({ data: "saved" });
  submit();
  expect(send).toHaveBeenCalledTimes(2);
});

it("stays busy until the callback resolves", async () => {
  let finish = (): void => undefined;
  const { send, submission, submit, answer } = setUp(
    () => new Promise<void>((resolve) => (finish = resolve)),
  );
  submit();
  await answer({ data: "saved" });
  expect(submission.current.isBusy).toBe(true);
  submit();
  expect(send).toHaveBeenCalledOnce();
  await act(async () => {
    finish();
    await Promise.resolve();
  });
  expect(submission.current.isBusy).toBe(false);
});

it("clears the error on request", async () => {
  const { submission, submit, answer } = setUp();
  submit();
  await answer(REFUSED);
  act(() => submission.current.clearRefusal());
  expect(submission.current.refusal).toBeUndefined();
});

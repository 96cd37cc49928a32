import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { notify } from "@/components/Notices.tsx";
import type { Answer } from "@/lib/graphql/client.ts";
import { SendBox } from "./SendBox.tsx";

vi.mock("@/components/Notices.tsx", () => ({ notify: vi.fn() }));

const REFUSED: Answer<unknown> = { failure: { code: "CONFLICT", message: "Too many" } };
const DONE: Answer<unknown> = { data: {} };

let answer: (answer: Answer<unknown>) => Promise<void>;
const send = vi.fn(
  () =>
    new Promise<Answer<unknown>>((resolve) => {
      answer = (given) =>
        act(async () => {
          resolve(given);
          await Promise.resolve();
        });
    }),
);
const onSent = vi.fn(() => Promise.resolve());

/** Each test has its own draft, because drafts are kept after the box is removed. */
let draft = 0;
const show = () =>
  render(
    <SendBox
      draft={String(draft)}
      label="Comment"
      placeholder="Write"
      verb="Send"
      refused="Not posted"
      longest={50}
      send={send}
      onSent={onSent}
    />,
  );
const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Comment" });
const pending = () => screen.queryByRole("status")?.textContent;

beforeEach(() => {
  draft += 1;
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

it("does not send an empty text", async () => {
  show();
  await userEvent.type(box(), "   {Control>}{Enter}{/Control}");
  expect(send).not.toHaveBeenCalled();
  expect(screen.queryByRole("button")).toBeNull();
});

it("empties the field at once, and shows the text until it is accepted", async () => {
  show();
  await userEvent.type(box(), " Done {Control>}{Enter}{/Control}");
  expect(send).toHaveBeenCalledExactlyOnceWith("Done");
  expect(box().value).toBe("");
  expect(pending()).toBe("Sending: Done");
  await answer(DONE);
  expect(onSent).toHaveBeenCalledOnce();
  expect(pending()).toBeUndefined();
});

it("starts a new line with Enter alone", async () => {
  show();
  await userEvent.type(box(), "One{Enter}two");
  expect(send).not.toHaveBeenCalled();
  expect(box().value).toBe("One\ntwo");
});

it("sends one text after another", async () => {
  show();
  await userEvent.type(box(), "One{Control>}{Enter}{/Control}");
  await userEvent.type(box(), "Two{Control>}{Enter}{/Control}");
  expect(send).toHaveBeenCalledOnce();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Send" }).disabled).toBe(true);
  await answer(DONE);
  await userEvent.click(screen.getByRole("button", { name: "Send" }));
  expect(send).toHaveBeenLastCalledWith("Two");
});

describe("a rejected text", () => {
  it("returns to the field with the reason, before text that was typed meanwhile", async () => {
    show();
    await userEvent.type(box(), "One{Control>}{Enter}{/Control}");
    await userEvent.type(box(), "Two");
    await answer(REFUSED);
    expect(screen.getByRole("alert").textContent).toBe("Not posted: Too many");
    expect(box().value).toBe("One\n\nTwo");
    expect(onSent).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(screen.queryByRole("alert")).toBeNull();
    expect(send).toHaveBeenLastCalledWith("One\n\nTwo");
  });

  it("is shown in a notice if the box was removed, and kept as a draft", async () => {
    show();
    await userEvent.type(box(), "One{Control>}{Enter}{/Control}");
    cleanup();
    await answer(REFUSED);
    expect(notify).toHaveBeenCalledExactlyOnceWith("Comment not posted: Too many", "danger");
    show();
    expect(box().value).toBe("One");
  });
});

it("keeps a draft while another issue is open", async () => {
  show();
  await userEvent.type(box(), "Half a");
  cleanup();
  show();
  expect(box().value).toBe("Half a");
  await userEvent.clear(box());
  cleanup();
  show();
  expect(box().value).toBe("");
});

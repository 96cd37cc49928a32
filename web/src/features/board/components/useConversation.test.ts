import { act, cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readConversation } from "../api/conversation.ts";
import { useConversation, type ConversationReading } from "./useConversation.ts";

vi.mock("../api/conversation.ts", () => ({ readConversation: vi.fn() }));

const failed = (message: string): ConversationReading => ({
  failure: { message, code: "UNAVAILABLE" },
});

let requests: { id: string; respond: (reading: ConversationReading) => Promise<void> }[];

beforeEach(() => {
  requests = [];
  vi.mocked(readConversation).mockImplementation(
    (id) =>
      new Promise((resolve) => {
        const respond = (reading: ConversationReading) =>
          act(async () => {
            resolve(reading);
            await Promise.resolve();
          });
        requests.push({ id, respond });
      }),
  );
});
afterEach(cleanup);

const open = (id: string) =>
  renderHook(({ id, version }) => useConversation(id, version), {
    initialProps: { id, version: "1" },
  });
const request = (at: number) => requests[at] ?? expect.fail(`There is no request ${at}`);

it("shows the comments of the open issue, never those of the previous one", async () => {
  const { result, rerender } = open("a");
  expect(result.current.reading).toBeUndefined();
  await request(0).respond(failed("a"));
  expect(result.current.reading).toEqual(failed("a"));
  rerender({ id: "b", version: "1" });
  expect(result.current.reading).toBeUndefined();
  await request(1).respond(failed("b"));
  expect(result.current.reading).toEqual(failed("b"));
});

it("drops a response for an issue that was closed meanwhile", async () => {
  const { result, rerender } = open("a");
  rerender({ id: "b", version: "1" });
  await request(1).respond(failed("b"));
  await request(0).respond(failed("a"));
  expect(result.current.reading).toEqual(failed("b"));
});

it("keeps the comments while they are reloaded", async () => {
  const { result, rerender } = open("a");
  await request(0).respond(failed("old"));
  rerender({ id: "a", version: "2" });
  expect(result.current.reading).toEqual(failed("old"));
  await request(1).respond(failed("new"));
  expect(result.current.reading).toEqual(failed("new"));
});

it("reloads on request, unless another issue was opened meanwhile", async () => {
  const { result, rerender } = open("a");
  await request(0).respond(failed("old"));
  void result.current.reread();
  await request(1).respond(failed("new"));
  expect(result.current.reading).toEqual(failed("new"));

  void result.current.reread();
  rerender({ id: "b", version: "1" });
  await request(3).respond(failed("b"));
  await request(2).respond(failed("newer"));
  expect(result.current.reading).toEqual(failed("b"));
});

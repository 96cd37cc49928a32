import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PausesQuery, PauseWork, ResumeWork } from "../pauses.ts";
import { ask, change, denials } from "./client.ts";

const send = vi.fn<typeof fetch>();

const TYPE = "application/graphql-response+json; charset=utf-8";
const respond = (body: unknown, status = 200, type = TYPE) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: { "content-type": type },
  });

/** The body and headers of the latest request. */
function request(): { headers: Headers; body: Record<string, unknown>; init: RequestInit } {
  const init = send.mock.calls.at(-1)?.[1] ?? expect.fail("Nothing was sent");
  return {
    init,
    headers: new Headers(init.headers),
    body: JSON.parse(init.body as string) as Record<string, unknown>,
  };
}

beforeEach(() => {
  vi.stubGlobal("fetch", send);
  send.mockReset();
  denials.set(0);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

it("sends the document with its fragments, its name and its variables as JSON", async () => {
  send.mockImplementation(async () => Promise.resolve(respond({ data: { pauses: [] } })));
  await ask(PausesQuery, {});
  const { init, headers, body } = request();
  expect(init.method).toBe("POST");
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("accept")).toContain("application/graphql-response+json");
  expect(body.operationName).toBe("Pauses");
  expect(body.variables).toEqual({});
  expect(body.query).toContain("query Pauses");
  expect(body.query).toContain("...PauseFields");
  expect((body.query as string).match(/fragment PauseFields/g)).toHaveLength(1);

  await change(ResumeWork, { input: { pauseId: 'a "quoted" id' } });
  expect(request().body.variables).toEqual({ input: { pauseId: 'a "quoted" id' } });
});

it("returns the data of a response", async () => {
  send.mockResolvedValue(respond({ data: { pauses: [] } }));
  expect(await ask(PausesQuery, {})).toEqual({ data: { pauses: [] } });
});

it("a response with errors is a failure, even if it has some data", async () => {
  send.mockResolvedValue(
    respond({
      data: { pauses: [] },
      errors: [{ message: "Too many", extensions: { code: "RATE_LIMITED" } }, { message: "More" }],
    }),
  );
  expect(await ask(PausesQuery, {})).toEqual({
    failure: { message: "Too many", code: "RATE_LIMITED" },
  });
});

it("the errors of a body have precedence over the status of the response", async () => {
  send.mockResolvedValue(respond({ errors: [{ message: "Unknown field", extensions: {} }] }, 400));
  expect(await ask(PausesQuery, {})).toEqual({
    failure: { message: "Unknown field", code: "INTERNAL_SERVER_ERROR" },
  });
});

it.each([
  ["a proxy's page", () => respond("<h1>Bad gateway</h1>", 502, "text/html"), 502],
  ["a truncated body", () => respond('{"data": {"pau'), 200],
  ["JSON that is no GraphQL response", () => respond({ detail: "Gone" }, 410), 410],
  ["JSON that is no object", () => respond("null"), 200],
  ["an empty body", () => respond("", 503), 503],
])("%s is a failure with its status", async (_, response, status) => {
  send.mockResolvedValue(response());
  expect(await ask(PausesQuery, {})).toEqual({
    failure: { message: `Dispatch answered with status ${status}.`, code: "UNAVAILABLE" },
  });
});

it("a response of 401 without errors asks to sign in", async () => {
  send.mockResolvedValue(respond("Unauthorized", 401, "text/plain"));
  expect((await ask(PausesQuery, {})).failure?.code).toBe("UNAUTHENTICATED");
});

it("a missing response is an offline failure", async () => {
  send.mockRejectedValue(new TypeError("Failed to fetch"));
  expect((await ask(PausesQuery, {})).failure?.code).toBe("OFFLINE");
});

it("a connection that is lost during the response is an offline failure", async () => {
  const body = new ReadableStream({
    start: (controller) => controller.error(new TypeError("terminated")),
  });
  send.mockResolvedValue(new Response(body, { headers: { "content-type": TYPE } }));
  expect((await ask(PausesQuery, {})).failure?.code).toBe("OFFLINE");
});

it("a response with null data and without errors is a failure", async () => {
  send.mockResolvedValue(respond({ data: null }));
  expect(await ask(PausesQuery, {})).toEqual({
    failure: { message: "Dispatch answered with nothing.", code: "INTERNAL_SERVER_ERROR" },
  });
});

it("each query is sent, also while an equal one is pending", async () => {
  const answers: ((response: Response) => void)[] = [];
  send.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
  const first = ask(PausesQuery, {});
  const second = ask(PausesQuery, {});
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2));
  answers[1]?.(respond({ data: { pauses: ["later"] } }));
  answers[0]?.(respond({ data: { pauses: [] } }));
  expect((await first).data?.pauses).toEqual([]);
  expect((await second).data?.pauses).toEqual(["later"]);
});

it("a mutation is sent once, whatever the response", async () => {
  send.mockRejectedValue(new TypeError("Failed to fetch"));
  const answer = await change(ResumeWork, { input: { pauseId: "1" } });
  expect(answer.failure?.code).toBe("OFFLINE");
  expect(send).toHaveBeenCalledOnce();
});

it.each([
  ["UNAUTHENTICATED", 1],
  ["FORBIDDEN", 1],
  ["CONFLICT", 0],
])("a mutation that was denied with %s raises the count of denials by %i", async (code, raised) => {
  send.mockImplementation(async () =>
    Promise.resolve(respond({ errors: [{ message: "No", extensions: { code } }] })),
  );
  await change(PauseWork, { input: { scope: "EVERYTHING" } });
  expect(denials.get()).toBe(raised);
  // A denied query does not mean that the session has ended.
  await ask(PausesQuery, {});
  expect(denials.get()).toBe(raised);
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { READER, SIGNED_IN } from "./fixtures.ts";
import { change } from "./graphql/client.ts";
import { refreshService, service, watchService } from "./service.ts";
import { SyncIssues } from "./sync.ts";
import { viewer, type Viewer } from "./viewer.ts";

const SELF = {
  version: "1.0.0",
  simulated: false,
  configured: true,
  missing: [],
  authMode: "read-only",
  untrackedBootstrap: [],
};

/** The requests that wait for a response, oldest first. */
let sent: ((data: object, status?: number) => void)[];

const answer = (who: Viewer) => sent.shift()?.({ data: { service: SELF, viewer: who } });
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  sent = [];
  vi.stubGlobal(
    "fetch",
    vi.fn(
      () =>
        new Promise((resolve) => {
          sent.push((body, status = 200) =>
            resolve(
              new Response(JSON.stringify(body), {
                status,
                headers: { "content-type": "application/graphql-response+json" },
              }),
            ),
          );
        }),
    ),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  service.set(undefined);
  viewer.set(undefined);
});

it("loads the service and the viewer at once", async () => {
  const done = refreshService();
  await settled();
  expect(sent).toHaveLength(1);
  answer(READER);
  expect(await done).toBe(true);
  expect(service.get()?.authMode).toBe("read-only");
  expect(viewer.get()).toEqual(READER);
});

it("does not use a response from before a sign-in", async () => {
  const before = refreshService();
  await settled();
  const after = [refreshService(), refreshService()];
  await settled();
  expect(sent).toHaveLength(1);
  answer(READER);
  await before;
  await settled();
  expect(sent, "once for both").toHaveLength(1);
  answer(SIGNED_IN);
  await Promise.all(after);
  expect(viewer.get()?.name).toBe("Sam");
});

it("reloads after a denied change only", async () => {
  const stop = watchService();
  await settled();
  answer(SIGNED_IN);
  await settled();

  for (const [code, asks] of [
    ["CONFLICT", 0],
    ["FORBIDDEN", 1],
    ["UNAUTHENTICATED", 1],
  ] as const) {
    const changed = change(SyncIssues, { input: null });
    await settled();
    sent.shift()?.({ errors: [{ message: "no", extensions: { code } }] });
    expect((await changed).failure?.code).toBe(code);
    await settled();
    expect(sent, code).toHaveLength(asks);
    answer(READER);
    await settled();
  }
  expect(viewer.get()).toEqual(READER);
  stop();
});

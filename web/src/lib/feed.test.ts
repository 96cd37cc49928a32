import { beforeEach, expect, it } from "vitest";
import { Feed, type FeedPage } from "./feed.ts";

type Line = { readonly id: string };
const lines = (...ids: string[]): Line[] => ids.map((id) => ({ id }));

let pages: Map<string | undefined, FeedPage<Line> | "down">;
let say: (line: Line) => void;
let gap: () => void;
/** A promise that the source awaits before it responds. */
let delay: Promise<void> | undefined;
let feed: Feed<Line>;
const shown = () => feed.state.get().items.map((line) => line.id);
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  delay = undefined;
  pages = new Map();
  pages.set(undefined, { items: lines("5", "4"), next: "4" });
  pages.set("4", { items: lines("3", "2"), next: undefined });
  feed = openFeed();
});

/** A feed of `pages`. */
function openFeed(): Feed<Line> {
  const opened = new Feed<Line>({
    read: async (after) => {
      const until = delay;
      const page = pages.get(after) ?? "down";
      await until;
      return page === "down" ? { failure: { message: "down", code: "OFFLINE" } } : { data: page };
    },
    follow: (onItem, onGap) => {
      say = onItem;
      gap = onGap;
      return () => undefined;
    },
  });
  opened.open();
  return opened;
}

it("loads pages from the newest entry to the end", async () => {
  await settled();
  expect(feed.state.get()).toMatchObject({ phase: "ready", hasMore: true });
  await feed.readMore();
  expect(shown()).toEqual(["5", "4", "3", "2"]);
  expect(feed.state.get().hasMore).toBe(false);
});

it("shows a new entry at the top, once", async () => {
  await settled();
  say({ id: "6" });
  say({ id: "6" });
  expect(shown()).toEqual(["6", "5", "4"]);
  expect(feed.fresh.has("6")).toBe(true);
  expect(feed.fresh.has("5")).toBe(false);
});

it("keeps entries that arrived before the first page", async () => {
  say({ id: "6" });
  await settled();
  expect(shown()).toEqual(["6", "5", "4"]);
  expect(feed.state.get().hasMore).toBe(true);
});

it("fills a gap by reloading the first page", async () => {
  await settled();
  pages.set(undefined, { items: lines("7", "6", "5"), next: "5" });
  gap();
  await settled();
  expect(shown()).toEqual(["7", "6", "5", "4"]);
});

it("puts missed entries below those that arrived meanwhile", async () => {
  await settled();
  say({ id: "7" });
  pages.set(undefined, { items: lines("7", "6", "5"), next: "5" });
  gap();
  say({ id: "8" });
  await settled();
  expect(shown()).toEqual(["8", "7", "6", "5", "4"]);
  await feed.readMore();
  expect(shown(), "the pages go on where they were").toEqual(["8", "7", "6", "5", "4", "3", "2"]);
});

/** A feed whose requests for the first page are answered by the test, by their number. */
function slowFeed() {
  const answers: ((...ids: string[]) => Promise<unknown>)[] = [];
  const slow = new Feed<Line>({
    read: () =>
      new Promise((resolve) =>
        answers.push((...ids) => {
          resolve({ data: { items: lines(...ids), next: ids.at(-1) } });
          return settled();
        }),
      ),
    follow: (onItem, onGap) => {
      say = onItem;
      gap = onGap;
      return () => undefined;
    },
  });
  slow.open();
  return { slow, answers, shown: () => slow.state.get().items.map(({ id }) => id) };
}

it("continues after a first page that contains entries which arrived before it", async () => {
  const { slow, answers, shown } = slowFeed();
  say({ id: "6" });
  await answers[0]?.("6", "5", "4");
  expect(shown()).toEqual(["6", "5", "4"]);
  expect(slow.state.get().hasMore).toBe(true);
});

it("drops a first page that is older than a later one", async () => {
  const { answers, shown } = slowFeed();
  gap();
  await answers[1]?.("6", "5");
  await answers[0]?.("5", "4");
  expect(shown()).toEqual(["6", "5"]);
});

it("starts again if the gap is wider than a page", async () => {
  await settled();
  pages.set(undefined, { items: lines("99", "98"), next: "98" });
  gap();
  await settled();
  expect(shown()).toEqual(["99", "98"]);
});

it("keeps its entries when a page fails, and continues after them", async () => {
  await settled();
  const second = pages.get("4");
  pages.set("4", "down");
  await feed.readMore();
  expect(feed.state.get()).toMatchObject({ phase: "failed", failure: { code: "OFFLINE" } });
  expect(shown()).toEqual(["5", "4"]);
  if (second) pages.set("4", second);
  feed.retry();
  await settled();
  expect(shown()).toEqual(["5", "4", "3", "2"]);
});

it("drops a page that was requested before the list was reloaded", async () => {
  await settled();
  let respond: () => void = () => undefined;
  const late = new Promise<void>((resolve) => (respond = resolve));
  delay = late;
  const reading = feed.readMore();
  delay = undefined;
  pages.set(undefined, { items: lines("9", "8"), next: "8" });
  pages.set("8", { items: lines("7", "6"), next: "6" });
  gap();
  await settled();
  expect(shown()).toEqual(["9", "8"]);
  respond();
  await reading;
  expect(shown(), "there are others in between").toEqual(["9", "8"]);
  await feed.readMore();
  expect(shown()).toEqual(["9", "8", "7", "6"]);
});

it("loads one page at a time, and none after the last", async () => {
  await settled();
  await Promise.all([feed.readMore(), feed.readMore()]);
  expect(shown()).toEqual(["5", "4", "3", "2"]);
  await feed.readMore();
  expect(shown()).toEqual(["5", "4", "3", "2"]);
});

it("retries the first page if that failed", async () => {
  await settled();
  pages.set(undefined, "down");
  gap();
  await settled();
  expect(feed.state.get()).toMatchObject({ phase: "failed", hasMore: true });
  expect(shown(), "what was read stays").toEqual(["5", "4"]);
  pages.set(undefined, { items: lines("6", "5"), next: "5" });
  feed.retry();
  expect(feed.state.get()).toMatchObject({ phase: "ready", failure: undefined });
  await settled();
  expect(shown()).toEqual(["6", "5", "4"]);
});

it("does not treat a live entry as the whole log", async () => {
  pages.clear();
  feed = openFeed();
  await settled();
  say({ id: "6" });
  expect(shown()).toEqual(["6"]);
  expect(feed.state.get(), "the rest still could not be read").toMatchObject({
    phase: "failed",
    failure: { code: "OFFLINE" },
  });
  pages.set(undefined, { items: lines("6", "5"), next: undefined });
  feed.retry();
  expect(feed.state.get()).toMatchObject({ phase: "loading", failure: undefined });
  await settled();
  expect(shown()).toEqual(["6", "5"]);
  expect(feed.state.get().phase).toBe("ready");
});

it("is not ready before its first page, even if an entry has arrived", async () => {
  feed = openFeed();
  say({ id: "6" });
  expect(feed.state.get().phase).toBe("loading");
  await settled();
  expect(feed.state.get().phase).toBe("ready");
});

// Measures a board of 10,000 issues in a browser: `npm run bench`, with DISPATCH naming the program.
//
// The simulated GitHub, the service, its PostgreSQL, the client that moves issues and the browser run on the same
// machine. The browser renders without a graphics card. docs/performance.md has the results.
import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BINARY = process.env.DISPATCH ?? resolve("../target/release/dispatch");
const ISSUES = 10_000;
const LOADS = 5;
const MOVES_A_SECOND = 10;
const SECONDS = 10;

const running = [];

/** Starts the program and waits until its output matches `pattern`. */
function start(args, settings, pattern) {
  const data = mkdtempSync(join(tmpdir(), "dispatch-bench-"));
  const child = spawn(BINARY, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      HOST: "127.0.0.1",
      PORT: "0",
      DISPATCH_DATA_DIR: data,
      NO_COLOR: "1",
      ...settings,
    },
  });
  running.push({ child, data });
  let said = "";
  return new Promise((found, failed) => {
    const listen = (chunk) => {
      said += chunk;
      const match = pattern.exec(said);
      if (match) found(match);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", () => failed(new Error(`${args[0]} ended:\n${said}`)));
  });
}

async function ask(url, query, variables = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A quantile of values, such as 0.95. */
const quantile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)] ?? NaN;
const ms = (value) => `${Math.round(value)} ms`;
const report = (what, values) =>
  console.log(
    `| ${what} | ${ms(quantile(values, 0.5))} | ${ms(quantile(values, 0.95))} | ${values.length} |`,
  );

/**
 * Runs in the page before its scripts. Records when the first card was painted, and the time from each input to a
 * frame.
 */
function instrument() {
  const afterFrame = (then) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then(performance.now());
      port2.postMessage(undefined);
    });
  const marks = { inputs: [], frames: [] };
  window.marks = marks;
  const observer = new MutationObserver(() => {
    if (!document.querySelector("[data-card]")) return;
    observer.disconnect();
    afterFrame((now) => {
      const [navigation] = performance.getEntriesByType("navigation");
      marks.firstCard = now - navigation.responseEnd;
      marks.html = navigation.responseEnd;
    });
  });
  observer.observe(document, { subtree: true, childList: true });
  for (const type of ["keydown", "pointermove", "wheel"]) {
    window.addEventListener(
      type,
      ({ timeStamp }) => afterFrame((now) => marks.inputs.push(now - timeStamp)),
      { capture: true, passive: true },
    );
  }
  window.watchFrames = () => {
    let last = performance.now();
    marks.frames = [];
    const tick = (now) => {
      marks.frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  };
}

/** Moves issues back and forth, a number of times per second, until it is stopped. */
function stream(url, ids) {
  let stopped = false;
  let moved = 0;
  const statuses = ["IN_PROGRESS", "IN_REVIEW", "READY"];
  const done = (async () => {
    for (let turn = 0; !stopped; turn += 1) {
      const due = performance.now() + 1_000 / MOVES_A_SECOND;
      const to = statuses[Math.floor(turn / ids.length) % statuses.length];
      void ask(
        url,
        "mutation ($id: ID!, $to: Status!) { moveIssue(input: {issueId: $id, to: $to}) { cursor } }",
        { id: ids[turn % ids.length], to },
      ).then(
        () => (moved += 1),
        () => undefined,
      );
      await sleep(Math.max(0, due - performance.now()));
    }
  })();
  return async () => {
    stopped = true;
    await done;
    return moved;
  };
}

async function measure() {
  const [, names, api] = await start(
    ["simulate", "--issues", String(ISSUES)],
    {},
    /GITHUB_REPOSITORIES=(\S+)\s+GITHUB_API_URL=(\S+)/,
  );
  const [url] = await start(
    ["serve"],
    {
      GITHUB_API_URL: api,
      GITHUB_TOKEN: "anything",
      GITHUB_REPOSITORIES: names,
      DATABASE_URL: "",
      DISPATCH_SYNC_INTERVAL_MS: "0",
    },
    /http:\/\/127\.0\.0\.1:\d+/,
  );
  for (;;) {
    const { syncState } = await ask(
      url,
      "{ syncState { issuesCount running { startedAt } lastGoodSyncAt } }",
    );
    if (syncState.lastGoodSyncAt !== null && syncState.running === null) break;
    await sleep(500);
  }
  const { board } = await ask(
    url,
    "{ board { totalCount columns { status issues(first: 40) { nodes { id } } } } }",
  );
  console.log(`${board.totalCount.toLocaleString()} issues on the board.\n`);
  console.log("| What | Middle | 95 of 100 | Times |\n| --- | ---: | ---: | ---: |");

  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const open = async () => {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: 1440, height: 900 },
    });
    const page = await context.newPage();
    await page.addInitScript(instrument);
    await page.goto("/board");
    await page.waitForFunction(() => window.marks.firstCard !== undefined);
    return { context, page };
  };

  const first = [];
  for (let load = 0; load < LOADS; load += 1) {
    const { context, page } = await open();
    first.push(await page.evaluate(() => window.marks.firstCard));
    await context.close();
  }
  report("First cards painted after the HTML arrived, nothing cached", first);

  const { page } = await open();
  await page.locator("[data-connection=live]").waitFor();
  const movable = board.columns
    .filter(({ status }) => status === "READY" || status === "IN_PROGRESS")
    .flatMap(({ issues }) => issues.nodes.map(({ id }) => id));
  const stop = stream(url, movable);
  const began = performance.now();
  await sleep(1_000);

  const inputs = async (what, act) => {
    await page.evaluate(() => {
      window.marks.inputs = [];
      window.watchFrames();
    });
    const end = performance.now() + SECONDS * 1_000;
    await act(() => performance.now() < end);
    await sleep(200);
    const { inputs: seen, frames } = await page.evaluate(() => window.marks);
    report(`${what}: input to frame`, seen);
    report(`${what}: frame to frame`, frames);
  };

  await page.locator("[data-column=BACKLOG] [data-card]").first().focus();
  await inputs("Walking with the keys", async (going) => {
    for (let step = 0; going(); step += 1) {
      await page.keyboard.press(["j", "j", "j", "l", "k", "h"][step % 6]);
      await sleep(50);
    }
  });
  const backlog = await page.locator("[data-column=BACKLOG] [data-scroller]").boundingBox();
  await page.mouse.move(backlog.x + 100, backlog.y + 200);
  await inputs("Scrolling a column", async (going) => {
    while (going()) {
      await page.mouse.wheel(0, 240);
      await sleep(16);
    }
  });
  const handle = await page.locator("[data-column=BACKLOG] [data-card]").nth(3).boundingBox();
  await page.mouse.move(handle.x + 40, handle.y + 20);
  await page.mouse.down();
  await inputs("Dragging a card", async (going) => {
    for (let step = 0; going(); step += 1) {
      await page.mouse.move(500 + 400 * Math.sin(step / 20), 400 + 150 * Math.cos(step / 13));
      await sleep(16);
    }
  });
  await page.keyboard.press("Escape");
  await page.mouse.up();

  const moved = await stop();
  const took = (performance.now() - began) / 1_000;
  console.log(`\nMeanwhile ${(moved / took).toFixed(1)} moves a second came in.`);
  await browser.close();
}

try {
  await measure();
} finally {
  for (const { child, data } of running.reverse()) {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(data, { recursive: true, force: true });
  }
}

// Uses the tools of MCP through clients that nobody here wrote: the official TypeScript SDK, its
// first line for the revisions with a handshake and its second for the one without, each over HTTP
// and over `dispatch mcp`, against the real program and its simulated GitHub.
//
// node tests/mcp/clients.mjs <the program>

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import * as second from "@modelcontextprotocol/client";
import { StdioClientTransport as SecondStdio } from "@modelcontextprotocol/client/stdio";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as FirstStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as FirstHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const program = process.argv[2];
const token = "token-of-the-clients";
const me = { name: "a test", version: "1.0.0" };

/** Starts the demo and answers its address, and how to stop it. */
async function demo() {
  const data = mkdtempSync(join(tmpdir(), "dispatch-mcp-"));
  const env = {
    PATH: process.env.PATH,
    DISPATCH_DATA_DIR: data,
    DISPATCH_AGENT_TOKEN: token,
    HOST: "127.0.0.1",
    PORT: "0",
    RUST_LOG: "warn",
  };
  const child = spawn(program, ["demo", "--days", "0"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/^Dispatch is ready at (.*)$/)?.[1];
    if (url) return { url, stop };
  }
  throw new Error("the demo ended before it was ready");
}

const ways = {
  "the first SDK": {
    revision: "2025-11-25",
    client: () => new FirstClient(me),
    http: (url, headers) => new FirstHttp(url, { requestInit: { headers } }),
    stdio: (settings) => new FirstStdio(settings),
  },
  "the second SDK": {
    revision: "2026-07-28",
    client: () =>
      new second.Client(me, {
        versionNegotiation: { mode: { pin: "2026-07-28" } },
      }),
    http: (url, headers) =>
      new second.StreamableHTTPClientTransport(url, {
        requestInit: { headers },
      }),
    stdio: (settings) => new SecondStdio(settings),
  },
};

/** A client that is connected: over HTTP or over the program's own input and output. */
async function connect(url, way, transport, agent, credential = token) {
  const client = ways[way].client();
  const headers = {
    authorization: `Bearer ${credential}`,
    "x-agent-name": agent,
  };
  const env = {
    PATH: process.env.PATH,
    DISPATCH_URL: url,
    DISPATCH_AGENT_TOKEN: credential,
    DISPATCH_AGENT_NAME: agent,
  };
  await client.connect(
    transport === "HTTP"
      ? ways[way].http(new URL(`${url}/mcp`), headers)
      : ways[way].stdio({ command: program, args: ["mcp"], env }),
  );
  return client;
}

const call = (client, name, given = {}) =>
  client.callTool({ name, arguments: given });

async function done(client, name, given) {
  const result = await call(client, name, given);
  assert.ok(!result.isError, `${name}: ${result.content[0].text}`);
  assert.deepEqual(
    JSON.parse(result.content[0].text),
    result.structuredContent,
  );
  return result.structuredContent;
}

async function refused(client, name, given, code) {
  const result = await call(client, name, given);
  assert.equal(result.isError, true, name);
  const refusal = result.structuredContent;
  assert.equal(refusal.code, code, result.content[0].text);
  assert.ok(refusal.message && refusal.remedy);
  return refusal;
}

/** Everything an agent does, by one kind of client over one transport. */
async function works(url, way, transport) {
  const agent = `${way.split(" ")[1]}-${transport.toLowerCase()}`;
  const client = await connect(url, way, transport, agent);
  assert.equal(client.getServerVersion().name, "dispatch");
  assert.match(client.getInstructions(), /claim_next/);

  const { tools } = await client.listTools();
  const reading = tools
    .filter((tool) => tool.annotations.readOnlyHint)
    .map((tool) => tool.name);
  assert.ok(tools.some((tool) => tool.name === "claim_next"));
  const readers = [
    "explain_work",
    "get_queue",
    "list_issues",
    "list_pauses",
    "my_work",
    "resolve_issue",
  ];
  assert.deepEqual(reading.sort(), readers);

  // From here on the client holds every result against the schema that it was told.
  const queue = await done(client, "get_queue", { includeWithheld: true });
  assert.equal(queue.agentName, agent);
  const claimed = await done(client, "claim_next", {
    waitSeconds: 20,
    requestId: `${agent}-1`,
  });
  assert.ok(claimed.lease, claimed.idleReason);
  const { leaseId, fencingToken } = claimed.lease;
  const held = { leaseId, fencingToken };
  const again = await done(client, "claim_next", { requestId: `${agent}-1` });
  assert.equal(again.lease.leaseId, leaseId);
  const renewed = await done(client, "renew_lease", {
    ...held,
    checkpoint: "changes_made",
  });
  assert.equal(renewed.lease.checkpoint, "changes_made");
  const { repoFullName, issueNumber } = claimed.issue;
  const issue = { repoFullName, issueNumber };
  const mine = await done(client, "my_work", {});
  assert.deepEqual(
    mine.held.map((work) => work.lease.leaseId),
    [leaseId],
  );
  const explained = await done(client, "explain_work", issue);
  assert.ok(explained.summary);
  assert.equal(
    (await done(client, "resolve_issue", issue)).title,
    claimed.issue.title,
  );
  const finished = await done(client, "finish_work", {
    ...held,
    outcome: "no_changes_needed",
  });
  assert.equal(finished.issue.status, "in-review");

  await refused(
    client,
    "finish_work",
    { ...held, outcome: "pr_opened" },
    "LEASE_LOST",
  );
  await refused(
    client,
    "claim_issue",
    { repoFullName, issueNumber: 99_999_999 },
    "NOT_FOUND",
  );
  await refused(client, "claim_next", { waitSeconds: 99 }, "BAD_USER_INPUT");

  // A lease that somebody else got hold of is lost to who had it.
  const second = await done(client, "claim_next", { waitSeconds: 20 });
  assert.ok(second.lease, second.idleReason);
  const theirs = {
    repoFullName: second.issue.repoFullName,
    issueNumber: second.issue.issueNumber,
  };
  const thief = await connect(url, way, transport, `${agent}-other`);
  const taken = await done(thief, "claim_issue", { ...theirs, force: true });
  assert.ok(
    Number(taken.lease.fencingToken) > Number(second.lease.fencingToken),
  );
  const old = {
    leaseId: second.lease.leaseId,
    fencingToken: second.lease.fencingToken,
  };
  const lost = await refused(client, "renew_lease", old, "LEASE_LOST");
  assert.match(lost.remedy, /Stop working/);
  assert.equal(
    (await done(thief, "unclaim_issue", theirs)).issue.status,
    "ready",
  );
  await thief.close();
  await client.close();
}

/** Without the right token nothing is told. */
async function isLetInByTokenOnly(url, way, transport) {
  // The second SDK, told to speak one revision only, says no more than that it was not offered.
  const refusals = /Unauthorized|UNAUTHENTICATED|401|did not offer/;
  await assert.rejects(
    connect(url, way, transport, "nobody", "wrong"),
    refusals,
  );
}

/** A server that is not there is told in words, and the program does not end for it. */
async function saysWhoCannotBeReached() {
  const client = new FirstClient(me);
  const env = { PATH: process.env.PATH, DISPATCH_URL: "http://127.0.0.1:9" };
  const transport = new FirstStdio({ command: program, args: ["mcp"], env });
  await assert.rejects(
    client.connect(transport),
    /cannot be reached.*DISPATCH_URL/s,
  );
}

let passed = 0;
let failed = 0;
async function test(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n${error.stack}`);
  }
}

const { url, stop } = await demo();
try {
  for (const way of Object.keys(ways)) {
    for (const transport of ["HTTP", "stdio"]) {
      const how = `${way} (${ways[way].revision}) over ${transport}`;
      await test(`${how} gets work, keeps it and ends it`, () =>
        works(url, way, transport));
      await test(`${how} needs the token`, () =>
        isLetInByTokenOnly(url, way, transport));
    }
  }
  await test(
    "a server that cannot be reached is told in words",
    saysWhoCannotBeReached,
  );
} finally {
  await stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

// Checks that a running Dispatch answers as its REST clients expect: `node tests/smoke-checklist.mjs BASE`, such as
// `http://localhost:3000`. The service needs at least one issue, and no sign-in. The first issue is moved to In Review
// and back, which changes its labels on GitHub.
import process from "node:process";

const base = (process.argv[2] ?? process.env.BASE ?? "").replace(/\/+$/, "");
if (!/^https?:\/\//.test(base)) {
  console.error(
    "usage: node smoke-checklist.mjs BASE, such as http://localhost:3000",
  );
  process.exit(2);
}

async function ask(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(
      `${method} ${path}: ${response.status} ${text.slice(0, 200)}`,
    );
  return response.headers.get("content-type")?.includes("json")
    ? JSON.parse(text)
    : text;
}

/** Asks again while another sync runs. */
async function sync(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask("POST", path);
    } catch (error) {
      if (attempt === 30 || !error.message.includes(": 409 ")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

function demand(holds, what) {
  if (!holds) throw new Error(what);
}

const moved = async (issue, newLabels) =>
  ask("POST", "/api/issues/move", {
    issueId: issue.id,
    repoFullName: issue.repository.fullName,
    issueNumber: issue.number,
    oldLabels: issue.labels,
    newLabels,
  });

const find = async ({ id }) =>
  (await ask("GET", "/api/issues")).find((issue) => issue.id === id);

const STEPS = {
  "the service is healthy": async () =>
    demand((await ask("GET", "/api/health")).ok === true, "`ok` is not true"),
  "automation syncs": async () =>
    demand(
      (await sync("/api/automation/sync")).success === true,
      "`success` is not true",
    ),
  "automation lists repositories": async () =>
    demand(
      Array.isArray(await ask("GET", "/api/automation/repos")),
      "it is no array",
    ),
  "issues sync": async () =>
    demand(
      Number.isInteger((await sync("/api/sync")).syncedCount),
      "`syncedCount` is missing",
    ),
  "issues are listed": async () =>
    demand((await ask("GET", "/api/issues")).length > 0, "there is no issue"),
  "the board, the projects and the agents have pages": async () => {
    for (const path of ["/board", "/projects", "/agents"]) {
      demand(
        String(await ask("GET", path)).includes("<html"),
        `${path} is no page`,
      );
    }
  },
  "runs of agents are listed": async () =>
    demand(
      Array.isArray(await ask("GET", "/api/agent-runs")),
      "it is no array",
    ),
  "a move changes labels": async () => {
    const all = await ask("GET", "/api/issues");
    const issue = all.find(
      ({ labels, state }) =>
        state === "open" && labels.some((label) => label === "status/ready"),
    );
    demand(issue !== undefined, "no open issue is Ready");
    await moved(issue, ["status/in-review"]);
    const after = await find(issue);
    demand(after.labels.includes("status/in-review"), "the label is missing");
    demand(!after.labels.includes("status/ready"), "the former label is there");
    await moved(after, ["status/ready"]);
  },
  "the move is in the audit log": async () =>
    demand(
      (await ask("GET", "/api/audit")).some(
        ({ action }) => action === "move_issue",
      ),
      "there is no `move_issue`",
    ),
  "GraphQL answers": async () => {
    const query = "{ issues(first: 1) { totalCount } }";
    const { data, errors } = await ask("POST", "/graphql", { query });
    demand(
      errors === undefined && data.issues.totalCount > 0,
      JSON.stringify(errors),
    );
  },
};

let failed = 0;
for (const [name, step] of Object.entries(STEPS)) {
  try {
    await step();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message} ${error.cause ?? ""}`);
  }
}
process.exit(failed === 0 ? 0 : 1);

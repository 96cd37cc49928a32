import { ROCKET, run } from "@/lib/automationFixtures.ts";
import type { ActivityEvent } from "../api/activity.ts";
import type { Summary } from "../api/automation.ts";
import type { CardWorkflow } from "../api/cardWorkflows.ts";
import type { RepositoryAutomation, RepositoryWorkflow } from "../api/repository.ts";
import type { Job, Workflow } from "../api/workflow.ts";

// Values for tests.

/** A job that waited for half a minute and ran for two. */
export const job = (changes: Partial<Job> = {}): Job => ({
  id: "job_1",
  name: "test",
  status: "COMPLETED",
  statusText: "completed",
  conclusion: "SUCCESS",
  conclusionText: "success",
  createdAt: "2026-06-01T11:50:00.000Z",
  startedAt: "2026-06-01T11:50:30.000Z",
  completedAt: "2026-06-01T11:52:30.000Z",
  runnerName: "ubuntu-1",
  failedStep: null,
  url: "https://github.com/acme/rocket/actions/runs/1/job/1",
  ...changes,
});

/** A workflow as a card shows it, with one run. */
export const cardWorkflow = (changes: Partial<CardWorkflow> = {}): CardWorkflow => ({
  id: "wfl_1",
  name: "CI",
  isFlaky: false,
  latestRunOnDefaultBranch: run(),
  recentRuns: [run()],
  ...changes,
});

/** A repository that was synced a minute ago. Its workflow neither fails nor runs. */
const SYNCED = {
  defaultBranch: "main",
  workflowsCount: 1,
  failingCount: 0,
  runningCount: 0,
  isRed: false,
  lastSyncedAt: "2026-06-01T11:59:00.000Z",
  lastAttemptedAt: "2026-06-01T11:59:00.000Z",
  syncError: null,
} as const;

/** A repository as the list shows it. */
export const summary = (
  changes: Partial<Omit<Summary, "automation">> = {},
  automation: Partial<Summary["automation"]> = {},
): Summary => ({
  ...ROCKET,
  owner: "acme",
  source: "USER",
  ...changes,
  automation: {
    ...SYNCED,
    latestCommit: { sha: "a1b2c3d4e5f6" },
    openPullRequestsCount: 2,
    releasesCount: 3,
    releases: [{ tagName: "v1.2.0", url: "https://github.com/acme/rocket/releases/tag/v1.2.0" }],
    ...automation,
  },
});

/** Another repository of the list. */
export const tools = (automation: Partial<Summary["automation"]> = {}): Summary =>
  summary({ id: "rep_2", fullName: "acme/tools", name: "tools" }, automation);

export const repositoryWorkflow = (
  changes: Partial<RepositoryWorkflow> = {},
): RepositoryWorkflow => ({
  id: "wfl_1",
  name: "CI",
  path: ".github/workflows/ci.yml",
  state: "active",
  url: "https://github.com/acme/rocket/actions/workflows/ci.yml",
  isFlaky: false,
  successRate: 0.9,
  averageDuration: 125,
  recentRuns: [run()],
  ...changes,
});

export const automation = (changes: Partial<RepositoryAutomation> = {}): RepositoryAutomation => ({
  ...SYNCED,
  latestCommit: {
    sha: "a1b2c3d4e5f6",
    committedAt: "2026-06-01T11:50:00.000Z",
    author: "ana",
    url: "https://github.com/acme/rocket/commit/a1b2c3d4e5f6",
  },
  openPullRequestsCount: 0,
  releasesCount: 0,
  openSecretAlertsCount: 0,
  missingPermissions: [],
  workflows: [repositoryWorkflow()],
  releases: [],
  packages: [],
  pullRequests: [],
  checks: [],
  deployments: [],
  lastSyncRun: null,
  ...changes,
});

type Triggers = NonNullable<Workflow["triggers"]>;
type Filters = NonNullable<Triggers["push"]>;

/** What starts a workflow: nothing. */
export const triggers = (changes: Partial<Triggers> = {}): Triggers => ({
  push: null,
  pullRequest: null,
  schedules: [],
  dispatch: null,
  isReusable: false,
  others: [],
  ...changes,
});

/** The filters of a trigger: none. */
export const filters = (changes: Partial<Filters> = {}): Filters => ({
  branches: [],
  branchesIgnore: [],
  tags: [],
  paths: [],
  pathsIgnore: [],
  ...changes,
});

type DeclaredInput = NonNullable<Triggers["dispatch"]>["inputs"][number];

/** A declared input: an optional text. */
export const declaredInput = (changes: Partial<DeclaredInput> = {}): DeclaredInput => ({
  name: "version",
  type: "STRING",
  required: false,
  default: null,
  description: null,
  options: [],
  ...changes,
});

type Sibling = Workflow["siblings"][number];

/** The workflow of another repository whose file has the same path. */
export const sibling = (fullName: string, changes: Partial<Sibling> = {}): Sibling => ({
  id: "wfl_2",
  successRate: null,
  averageDuration: null,
  isFlaky: false,
  repository: { id: `rep of ${fullName}`, fullName },
  triggers: null,
  recentRuns: [run()],
  ...changes,
});

export const workflow = (changes: Partial<Workflow> = {}): Workflow => ({
  id: "wfl_1",
  githubId: "9007199254740993",
  name: "CI",
  path: ".github/workflows/ci.yml",
  state: "active",
  url: "https://github.com/acme/rocket/actions/workflows/ci.yml",
  isFlaky: false,
  successRate: 0.5,
  averageDuration: 125,
  latestRunOnDefaultBranch: run(),
  repository: { ...ROCKET, automation: { defaultBranch: "main" } },
  triggers: triggers({
    push: filters({ branches: ["main"], pathsIgnore: ["docs/**"] }),
    dispatch: { inputs: [] },
  }),
  fileError: null,
  recentRuns: [run()],
  branches: [{ branch: "main", latestRun: run() }],
  days: [],
  siblings: [],
  ...changes,
});

export const event = (changes: Partial<ActivityEvent> = {}): ActivityEvent => ({
  id: "act_1",
  type: "WORKFLOW_RUN_FAILED",
  title: "CI #7 failed",
  description: "Fix the build",
  actor: "ana",
  url: "https://github.com/acme/rocket/actions/runs/1",
  sha: "a1b2c3d4e5f6",
  branch: "main",
  status: "failure",
  createdAt: "2026-06-01T11:52:05.000Z",
  repository: ROCKET,
  workflowRun: { id: "run_1", workflow: { id: "wfl_1" } },
  ...changes,
});

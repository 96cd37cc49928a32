/** The events to choose on GitHub. The same as `SUBSCRIBED` in `src/domain/webhooks.rs`. */
export const EVENTS = [
  "check_run",
  "check_suite",
  "deployment",
  "deployment_status",
  "issue_comment",
  "issue_dependencies",
  "issues",
  "label",
  "milestone",
  "pull_request",
  "pull_request_review",
  "push",
  "registry_package",
  "release",
  "repository",
  "secret_scanning_alert",
  "status",
  "sub_issues",
  "workflow_job",
  "workflow_run",
] as const;

/** The address for GitHub's deliveries, if GitHub can reach Dispatch under the address in this browser. */
export const payloadUrl = (origin: string, basePath: string): string =>
  `${origin}${basePath}/api/webhooks/github`;

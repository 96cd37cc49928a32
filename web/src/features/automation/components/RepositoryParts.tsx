import type { ReactNode } from "react";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { checkOutcome, checkWords } from "@/lib/checks.ts";
import { outcomeOf, outcomeWords, type Outcome } from "@/lib/outcome.ts";
import type { RepositoryAutomation } from "../api/repository.ts";
import { permissionFor } from "../model/missing.ts";
import { LastSync } from "./LastSync.tsx";
import { Part } from "./Part.tsx";
import { SecretAlerts } from "./SecretAlerts.tsx";

type Props = { readonly automation: RepositoryAutomation };

const LINK = "min-w-0 truncate rounded py-0.5 hover:underline";

function External({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" className={LINK}>
      {children}
    </a>
  );
}

const Line = ({ children }: { readonly children: ReactNode }) => (
  <li className="flex min-w-0 items-baseline gap-2">{children}</li>
);

const Badge = ({ children }: { readonly children: ReactNode }) => (
  <span className="shrink-0 rounded-full border border-line px-1.5 text-meta leading-4 text-ink-soft">
    {children}
  </span>
);

/** The automation data of a repository other than its workflows. */
export function RepositoryParts({
  automation,
  repositoryUrl,
}: Props & { readonly repositoryUrl: string }) {
  return (
    <>
      <PullRequests automation={automation} />
      <Releases automation={automation} />
      <Checks automation={automation} />
      <Deployments automation={automation} repositoryUrl={repositoryUrl} />
      <Packages automation={automation} />
      <SecretAlerts automation={automation} url={repositoryUrl} />
      <LastSync automation={automation} />
    </>
  );
}

function PullRequests({ automation }: Props) {
  const { pullRequests, openPullRequestsCount, missingPermissions } = automation;
  return (
    <Part
      title="Open pull requests"
      count={openPullRequestsCount}
      permission={permissionFor(missingPermissions, "PULL_REQUESTS")}
    >
      {pullRequests.length === 0 ? (
        <p className="text-ink-faint">No open pull requests.</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {pullRequests.map((pull) => (
            <Line key={pull.id}>
              <span className="self-center">
                <OutcomeMark
                  outcome={checkOutcome(pull.checkState)}
                  label={checkWords(pull.checkState)}
                  size={12}
                />
              </span>
              <span className="tabular shrink-0 text-ink-faint">#{pull.number}</span>
              <External href={pull.url}>
                <bdi>{pull.title}</bdi>
              </External>
              {pull.isDraft && <Badge>draft</Badge>}
              <span className="grow" />
              <RelativeTime instant={pull.updatedAt} />
            </Line>
          ))}
        </ul>
      )}
    </Part>
  );
}

function Releases({ automation }: Props) {
  const { releases, releasesCount, missingPermissions } = automation;
  return (
    <Part
      title="Releases"
      count={releasesCount}
      permission={permissionFor(missingPermissions, "CONTENTS")}
    >
      {releases.length === 0 ? (
        <p className="text-ink-faint">No releases.</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {releases.map((release) => (
            <Line key={release.id}>
              <External href={release.url}>
                <span className="font-medium">{release.tagName}</span>
                {release.name !== null && release.name !== release.tagName && ` ${release.name}`}
              </External>
              <Badge>
                {release.isDraft ? "draft" : release.isPrerelease ? "pre-release" : "stable"}
              </Badge>
              <span className="grow" />
              {/* A draft is not published yet, so the time of its creation is shown. */}
              <RelativeTime instant={release.publishedAt ?? release.createdAt} />
            </Line>
          ))}
        </ul>
      )}
    </Part>
  );
}

/** The newest version of a package: its tag if it has one, otherwise its version. */
const newestOf = ({
  latestTags: [tag],
  latestVersion,
}: RepositoryAutomation["packages"][number]): string | null => tag ?? latestVersion;

function Packages({ automation: { packages, missingPermissions } }: Props) {
  const permission = permissionFor(missingPermissions, "PACKAGES");
  if (packages.length === 0 && permission === undefined) return null;
  return (
    <Part title="Packages" count={packages.length} permission={permission}>
      <ul className="flex flex-col gap-1">
        {packages.map((each) => (
          <Line key={each.id}>
            <External href={each.url}>{each.name}</External>
            {newestOf(each) !== null && (
              <span className="truncate text-meta text-ink-soft">{newestOf(each)}</span>
            )}
            <Badge>{each.packageType.toLowerCase()}</Badge>
            <Badge>{each.visibility.toLowerCase()}</Badge>
            <span className="grow" />
            <RelativeTime instant={each.updatedAt} />
          </Line>
        ))}
      </ul>
    </Part>
  );
}

function Checks({ automation: { checks, missingPermissions } }: Props) {
  const permission = permissionFor(missingPermissions, "CHECKS");
  if (checks.length === 0 && permission === undefined) return null;
  return (
    <Part title="Checks of other apps" count={checks.length} permission={permission}>
      <ul className="flex flex-col gap-1">
        {checks.map((check) => (
          <Line key={check.id}>
            <span className="self-center">
              <OutcomeMark outcome={outcomeOf(check)} label={outcomeWords(check)} size={12} />
            </span>
            <External href={check.url}>{check.name}</External>
            <span className="shrink-0 text-meta text-ink-faint">{check.app}</span>
            <span className="grow" />
            {check.completedAt !== null && <RelativeTime instant={check.completedAt} />}
          </Line>
        ))}
      </ul>
    </Part>
  );
}

const DEPLOYMENTS: Readonly<Record<string, Outcome>> = {
  success: "success",
  active: "success",
  failure: "failure",
  error: "failure",
  in_progress: "running",
  queued: "waiting",
  pending: "waiting",
  waiting: "waiting",
  inactive: "skipped",
};

function Deployments({
  automation: { deployments, missingPermissions },
  repositoryUrl,
}: Props & { readonly repositoryUrl: string }) {
  const permission = permissionFor(missingPermissions, "DEPLOYMENTS");
  if (deployments.length === 0 && permission === undefined) return null;
  return (
    <Part title="Deployments" count={deployments.length} permission={permission}>
      <ul className="flex flex-col gap-1">
        {deployments.map((each) => {
          const state = each.state.toLowerCase();
          return (
            <Line key={each.id}>
              <span className="self-center">
                <OutcomeMark
                  outcome={DEPLOYMENTS[state] ?? "unknown"}
                  label={state.replaceAll("_", " ")}
                  size={12}
                />
              </span>
              {each.url === null ? (
                <span className="min-w-0 truncate">{each.environment}</span>
              ) : (
                <External href={each.url}>{each.environment}</External>
              )}
              <span className="min-w-0 truncate text-meta text-ink-faint">
                {[each.ref, each.creator].filter(Boolean).join(" · ")}
              </span>
              <span className="grow" />
              {each.workflowRunGithubId !== null && (
                <a
                  href={`${repositoryUrl}/actions/runs/${each.workflowRunGithubId}`}
                  target="_blank"
                  rel="noreferrer noopener"
                  className="shrink-0 rounded text-meta text-accent hover:underline"
                >
                  run
                </a>
              )}
              <RelativeTime instant={each.updatedAt} />
            </Line>
          );
        })}
      </ul>
    </Part>
  );
}

import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { EmptyState } from "@/components/states.tsx";
import { ErrorBoundary } from "@/components/ErrorBoundary.tsx";
import { Notices } from "@/components/Notices.tsx";
import { ActivityPage, AutomationPage, RepositoryPage, WorkflowPage } from "@/features/automation";
import { BoardPage } from "@/features/board";
import { RepositoriesDialog } from "@/features/repositories";
import { SignInDialog, useSessionNotices, watchSession } from "@/features/session";
import { watchService } from "@/lib/service.ts";
import { useSignal } from "@/lib/signal.ts";
import { watchSync } from "@/lib/sync.ts";
import { signingIn } from "@/lib/viewer.ts";
import { Banner } from "./Banner.tsx";
import { Help } from "./Help.tsx";
import { Palette } from "./Palette.tsx";
import { Rail } from "./Rail.tsx";
import { useShellCommands } from "./useShellCommands.tsx";

// The board is part of the first load. The code of every other page is loaded when it is opened.
const AgentsPage = lazy(async () => ({ default: (await import("@/features/agents")).AgentsPage }));
const AuditPage = lazy(async () => ({ default: (await import("@/features/audit")).AuditPage }));
const OverviewPage = lazy(async () => ({
  default: (await import("@/features/overview")).OverviewPage,
}));
const QueuePage = lazy(async () => ({ default: (await import("@/features/queue")).QueuePage }));
const WebhooksPage = lazy(async () => ({
  default: (await import("@/features/webhooks")).WebhooksPage,
}));
const ProjectsPage = lazy(async () => ({
  default: (await import("@/features/projects")).ProjectsPage,
}));

/** The shell of every page: the rail, banners about the service, and the page. */
export function App() {
  const [choosing, setChoosing] = useState(false);
  const [path] = useLocation();
  const [helping, setHelping] = useState(false);
  const asking = useSignal(signingIn);
  const repositories = () => setChoosing(true);
  useEffect(watchService, []);
  useEffect(watchSync, []);
  useEffect(watchSession, []);
  useSessionNotices();
  useShellCommands({ repositories, help: () => setHelping(true) });
  return (
    <div className="flex h-dvh flex-col">
      <Banner />
      <div className="flex min-h-0 grow max-sm:flex-col-reverse">
        <Rail onRepositories={repositories} />
        <ErrorBoundary key={path}>
          <Suspense fallback={<div className="grow" />}>
            <Switch>
              <Route path="/board">
                <BoardPage onRepositories={repositories} />
              </Route>
              <Route path="/">
                <OverviewPage />
              </Route>
              <Route path="/queue">
                <QueuePage />
              </Route>
              <Route path="/agents">
                <AgentsPage />
              </Route>
              <Route path="/projects">
                <ProjectsPage />
              </Route>
              <Route path="/automation">
                <AutomationPage />
              </Route>
              <Route path="/automation/activity">
                <ActivityPage />
              </Route>
              <Route path="/automation/repos/:owner/:name">
                {({ owner, name }) => <RepositoryPage owner={owner} name={name} />}
              </Route>
              <Route path="/automation/workflows/:id">{({ id }) => <WorkflowPage id={id} />}</Route>
              <Route path="/webhooks">
                <WebhooksPage />
              </Route>
              <Route path="/audit">
                <AuditPage />
              </Route>
              <Route>
                <main className="grow">
                  <EmptyState title="There is nothing here">
                    <Link href="/board" className="text-accent underline">
                      Go to the board
                    </Link>
                  </EmptyState>
                </main>
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </div>
      {choosing && <RepositoriesDialog onClose={() => setChoosing(false)} />}
      {helping && <Help onClose={() => setHelping(false)} />}
      {asking && <SignInDialog onClose={() => signingIn.set(false)} />}
      <Palette />
      <Notices />
    </div>
  );
}

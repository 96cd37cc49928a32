import { useEffect, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { EmptyState } from "@/components/states.tsx";
import { Notices } from "@/components/Notices.tsx";
import { AuditPage } from "@/features/audit";
import { BoardPage } from "@/features/board";
import { RepositoriesDialog } from "@/features/repositories";
import { watchService } from "@/lib/service.ts";
import { Banner } from "./Banner.tsx";
import { Palette } from "./Palette.tsx";
import { Rail } from "./Rail.tsx";
import { useShellCommands } from "./useShellCommands.tsx";

/** The shell of every page: the rail, what the service says of itself, and the page. */
export function App() {
  const [choosing, setChoosing] = useState(false);
  const repositories = () => setChoosing(true);
  useEffect(watchService, []);
  useShellCommands(repositories);
  return (
    <div className="flex h-dvh flex-col">
      <Banner />
      <div className="flex min-h-0 grow max-sm:flex-col-reverse">
        <Rail onRepositories={repositories} />
        <Switch>
          <Route path="/board">
            <BoardPage onRepositories={repositories} />
          </Route>
          <Route path="/audit">
            <AuditPage />
          </Route>
          <Route path="/">
            <Redirect to="/board" replace />
          </Route>
          <Route>
            <main className="grow">
              <EmptyState title="There is nothing here">
                <a href="/board" className="text-accent underline">
                  Go to the board
                </a>
              </EmptyState>
            </main>
          </Route>
        </Switch>
      </div>
      {choosing && <RepositoriesDialog onClose={() => setChoosing(false)} />}
      <Palette />
      <Notices />
    </div>
  );
}

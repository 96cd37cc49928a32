import { useEffect, useState } from "react";
import { ChevronRight } from "lucide-react";
import { Button } from "@/components/Button.tsx";
import { Panel } from "@/components/Panel.tsx";
import { classes } from "@/components/classes.ts";
import { useSignal } from "@/lib/signal.ts";
import { useNow } from "@/lib/time.ts";
import { budgetsState, loadBudgets, watchBudgets } from "../api/budgets.ts";
import { summaryOf, viewsOf, type BudgetView } from "../model/budgets.ts";
import { BudgetBar } from "./BudgetBar.tsx";

/** Loads GitHub's budgets and keeps them up to date. */
export function LiveBudgets() {
  useEffect(() => watchBudgets(), []);
  const { budgets, failure } = useSignal(budgetsState);
  const views = viewsOf(budgets ?? [], useNow());
  return <Budgets views={views} failure={failure?.message} onRetry={() => void loadBudgets()} />;
}

/**
 * GitHub's budgets: one line while all are sufficient, which can be opened, and a bar for each if one is not. Renders
 * nothing before the first request to GitHub.
 */
export function Budgets({
  views,
  failure,
  onRetry,
}: {
  readonly views: readonly BudgetView[];
  /** Why they could not be loaded. */
  readonly failure: string | undefined;
  readonly onRetry: () => void;
}) {
  const [isWished, setWished] = useState(false);
  if (views.length === 0 && failure === undefined) return null;
  const isFine = views.every(({ problem }) => problem === undefined);
  const isOpen = !isFine || isWished;
  return (
    <Panel title="GitHub budget" className="lg:col-span-2">
      {failure !== undefined && (
        <p role="alert" className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-warning">
          The budget could not be loaded: {failure}
          <Button onClick={onRetry}>Try again</Button>
        </p>
      )}
      {isFine && views.length > 0 && (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setWished(!isWished)}
          className="-mx-1.5 flex min-h-6 w-[calc(100%+0.75rem)] items-center gap-1.5 rounded px-1.5 py-0.5 text-left hover:bg-column"
        >
          <ChevronRight
            size={12}
            className={classes(
              "shrink-0 text-ink-faint transition-transform",
              isOpen && "rotate-90",
            )}
            aria-hidden
          />
          <span className="tabular min-w-0 text-ink-soft">
            <span className="font-medium text-success">Sufficient.</span> Spent in the last hour:{" "}
            {summaryOf(views)}.
          </span>
        </button>
      )}
      {isOpen && (
        <ul className={classes("flex flex-col gap-4", isFine && "mt-3")} aria-label="Budgets">
          {views.map((view) => (
            <BudgetBar key={view.id} view={view} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

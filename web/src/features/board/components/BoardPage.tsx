import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { FilterButton } from "@/components/Chip.tsx";
import { ConnectionPill } from "@/components/ConnectionPill.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { PauseBanner } from "@/components/PauseBanner.tsx";
import { SyncButton, SyncProgress } from "@/components/SyncStatus.tsx";
import { TopBar } from "@/components/TopBar.tsx";
import { notify } from "@/components/Notices.tsx";
import { useMay } from "@/lib/viewer.ts";
import { watchLimits } from "../api/limits.ts";
import { findView } from "../api/views.ts";
import {
  filterOfSearch,
  queryOfFilter,
  searchOfFilter,
  type BoardFilter,
} from "../model/filter.ts";
import { layoutOfSearch, needsAll, searchOfLayout, type Layout } from "../model/layout.ts";
import { VIEW } from "../model/views.ts";
import { BoardBody } from "./BoardBody.tsx";
import { Columns, useShownColumns } from "./Columns.tsx";
import { BoardContext, useBoard, type Board } from "./context.ts";
import { createBoard } from "./createBoard.ts";
import { DisplayButton, DisplayPicker } from "./Display.tsx";
import { FilterChips, FilterPicker, SearchField } from "./Filters.tsx";
import { SelectionBar } from "./SelectionBar.tsx";
import { Prompts } from "./prompts.tsx";
import { Views, ViewsButton } from "./Views.tsx";
import { useBoardCommands } from "./useBoardCommands.tsx";
import { useBoardKeys } from "./useBoardKeys.ts";
import { useLostFocus } from "./useFocusRequests.ts";

const IssuePanel = lazy(() => import("./IssuePanel.tsx"));

/** How often the board checks whether issues have become stale or a new day has begun. */
const AGES_MS = 15 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** The day in UTC. It changes a little late, so that the new day has begun for the server too. */
const day = (): number => Math.floor((Date.now() - AGES_MS) / DAY_MS);

/** The parameter of the address that names the open card. */
const OPEN = "issue";

type Props = {
  /** Opens the dialog with the tracked repositories, which belongs to another feature. */
  readonly onRepositories: () => void;
};

export function BoardPage({ onRepositories }: Props) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const address = useRef({ path, search });
  useEffect(() => {
    address.current = { path, search };
  });

  const board = useMemo<Board>(
    () => ({
      ...createBoard(),
      open: (id) => {
        const params = new URLSearchParams(address.current.search);
        if (params.get(OPEN) === id) return;
        const replace = params.has(OPEN);
        params.set(OPEN, id);
        navigate(`${address.current.path}?${params}`, { replace });
      },
    }),
    [navigate],
  );

  const opened = new URLSearchParams(search).get(OPEN) ?? undefined;
  const close = () => {
    const params = new URLSearchParams(search);
    params.delete(OPEN);
    navigate(params.size > 0 ? `${path}?${params}` : path);
  };

  const named = new URLSearchParams(search).get(VIEW);
  useEffect(() => {
    if (named === null) return;
    let here = true;
    void findView(named).then(({ data: view, failure }) => {
      if (!here) return;
      if (!view) notify(failure?.message ?? "This view is not there any more.", "danger");
      const query = view?.query ?? "";
      navigate(query === "" ? path : `${path}?${query}`, { replace: true });
    });
    return () => {
      here = false;
    };
  }, [named, navigate, path]);
  // Nothing is loaded until the filter of the view is in the address.
  if (named !== null) return <main className="grow" aria-label="Board" />;

  return (
    <BoardContext value={board}>
      <Page
        search={search}
        onSearch={(next) => navigate(next === "" ? path : `${path}?${next}`, { replace: true })}
        opened={opened}
        onClose={close}
        onRepositories={onRepositories}
      />
    </BoardContext>
  );
}

type PageProps = Props & {
  readonly search: string;
  readonly onSearch: (search: string) => void;
  readonly opened: string | undefined;
  readonly onClose: () => void;
};

function Page({ search, onSearch, opened, onClose, onRepositories }: PageProps) {
  const board = useBoard();
  const { session, interaction } = board;
  const mayMove = useMay("move");
  const layout = layoutOfSearch(search);
  const whole = needsAll(layout);
  const field = useRef<HTMLInputElement>(null);
  const [filtering, setFiltering] = useState(false);
  const [viewing, setViewing] = useState(false);
  const [displaying, setDisplaying] = useState(false);

  const filter = filterOfSearch(search);
  const columns = useShownColumns(filter.statuses);
  const change = (next: BoardFilter) => onSearch(searchOfFilter(next, search));
  const arrange = (next: Layout) => onSearch(searchOfLayout(next, search));

  // The open card is part of the address but not of the filter, so opening one does not reload the board.
  const asked = searchOfFilter(filter);
  useEffect(() => {
    const narrowed = filterOfSearch(asked);
    const open = () => session.open(queryOfFilter(narrowed, Date.now()));
    open();
    // No event reports that an issue has become stale, or that its queue score has changed with the day.
    let opened = day();
    const timer = setInterval(() => {
      if (!narrowed.stale && day() === opened) return;
      opened = day();
      open();
    }, AGES_MS);
    return () => {
      clearInterval(timer);
      session.close();
    };
  }, [session, asked]);
  useEffect(() => session.wantAll(whole), [session, whole]);
  useEffect(() => watchLimits(board.limits), [board.limits]);

  const keys = {
    board,
    columns,
    layout,
    arrange,
    opened,
    close: onClose,
    search: () => field.current?.focus(),
    filter: () => setFiltering(true),
    views: () => setViewing(true),
    display: () => setDisplaying(true),
  };
  useBoardKeys(keys);
  useLostFocus();
  useBoardCommands(keys);

  return (
    <div className="flex min-h-0 min-w-0 grow flex-col">
      <TopBar title="Board">
        <SearchField
          ref={field}
          value={filter.search}
          onChange={(text) => change({ ...filter, search: text })}
        />
        <FilterButton onOpen={() => setFiltering(true)} />
        <DisplayButton layout={layout} onOpen={() => setDisplaying(true)} />
        <ViewsButton onOpen={() => setViewing(true)} />
        <FilterChips filter={filter} onChange={change} />
        <span className="grow" />
        <div className="ml-auto flex items-center gap-3 max-sm:contents">
          <NotOffered
            action="move"
            className="max-sm:order-last max-sm:w-full sm:max-w-96 sm:text-right sm:text-balance"
          />
          <SyncButton />
          <ConnectionPill />
        </div>
      </TopBar>
      <PauseBanner />
      <div className="relative flex min-h-0 grow">
        <main className="relative min-w-0 grow" aria-label="Board">
          <SyncProgress className="absolute inset-x-0 top-0 z-10" />
          <BoardBody
            filtered={asked !== ""}
            onClear={() => onSearch("")}
            onRepositories={onRepositories}
          >
            <Columns columns={columns} layout={layout} filtered={asked !== ""} />
          </BoardBody>
          <SelectionBar />
        </main>
        {opened !== undefined && (
          <Suspense fallback={null}>
            <IssuePanel
              id={opened}
              onClose={() => {
                onClose();
                interaction.focus(opened);
              }}
            />
          </Suspense>
        )}
      </div>
      <p id="card-keys" hidden>
        Enter opens, {mayMove && "Space picks up, M moves to a column, "}arrows walk to other cards.
      </p>
      {filtering && (
        <FilterPicker filter={filter} onChange={change} onClose={() => setFiltering(false)} />
      )}
      {displaying && (
        <DisplayPicker layout={layout} onChange={arrange} onClose={() => setDisplaying(false)} />
      )}
      {viewing && (
        <Views
          query={searchOfLayout(layout, asked)}
          onOpen={onSearch}
          onClose={() => setViewing(false)}
        />
      )}
      <Prompts />
    </div>
  );
}

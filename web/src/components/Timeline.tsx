import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { classes } from "./classes.ts";
import { packed, stepped, ticksOf, type Bar, type Place, type Span } from "./timeline.ts";

/** The meaning of a bar. Kinds differ in shape and in colour, for colour-blind readers and for print. */
export type BarKind = {
  readonly title: string;
  readonly color: string;
  /** `open` is for bars that have not ended yet, `hollow` is an outline, `sharp` has square corners and a border. */
  readonly look: "solid" | "open" | "hollow" | "sharp";
};

export type TimelineRow<Item extends Bar> = {
  readonly name: string;
  /** Shown before the bars. */
  readonly head: ReactNode;
  /** Oldest first. */
  readonly bars: readonly Item[];
};

type Kinds<Item extends Bar> = Readonly<Record<Item["kind"], BarKind>>;

type Props<Item extends Bar> = {
  readonly title: string;
  readonly span: Span;
  readonly rows: readonly TimelineRow<Item>[];
  readonly kinds: Kinds<Item>;
  /** Called with the bar that was clicked, or on which Enter was pressed. */
  readonly onOpen: (bar: Item) => void;
  /** Shown beside the details, such as a choice of the span. */
  readonly children?: ReactNode;
};

const BAR_PX = 10;
const THINNEST_PX = 4;
const GAP_PX = 3;

/**
 * Rows of bars over time. The details of the bar under the pointer are shown, or of the bar that was selected with the
 * arrow keys. A table has the same data for screen readers.
 */
export function Timeline<Item extends Bar>({
  title,
  span,
  rows,
  kinds,
  onOpen,
  children,
}: Props<Item>) {
  const [at, setAt] = useState<Place>();
  const hint = useId();
  const ticks = ticksOf(span);
  const length = span.to - span.from;
  const part = (instant: number): number =>
    Math.min(1, Math.max(0, (instant - span.from) / length));
  const row = at && rows[at.row];
  const bar = at && row?.bars[at.bar];

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && bar) onOpen(bar);
    else {
      const next = stepped(rows, at, event.key);
      if (!next) return;
      setAt(next);
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <figure className="relative min-w-0">
      <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1.5">
        <p
          className="flex min-w-0 grow basis-64 items-baseline gap-2 text-meta text-ink-faint"
          aria-live="polite"
        >
          {row && bar ? (
            <>
              <span className="shrink-0 font-medium text-ink">{row.name}</span>
              <span className="truncate">
                {bar.words} · {bar.subject}
              </span>
            </>
          ) : (
            <Legend kinds={kinds} />
          )}
        </p>
        {children}
      </div>
      <div
        role="img"
        aria-label={title}
        aria-describedby={hint}
        tabIndex={0}
        className="mt-3 rounded"
        onKeyDown={onKeyDown}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
      >
        {rows.map(({ name, head, bars }, index) => (
          <div
            key={name}
            className="grid grid-cols-1 gap-x-3 sm:grid-cols-[8.5rem_minmax(0,1fr)] sm:items-stretch"
          >
            <div className="flex min-w-0 items-center py-1.5 max-sm:pb-0">{head}</div>
            <div className="relative border-b border-line py-2">
              {ticks.map(({ instant, strong }) => (
                <span
                  key={instant}
                  className={classes(
                    "absolute inset-y-0 w-px",
                    strong ? "bg-line-strong/70" : "bg-line",
                  )}
                  style={{ left: `${part(instant) * 100}%` }}
                />
              ))}
              <Tracks
                bars={bars}
                part={part}
                kinds={kinds}
                marked={bar && row === rows[index] ? bar.id : undefined}
                onPoint={(id) => {
                  setAt({ row: index, bar: bars.findIndex((each) => each.id === id) });
                }}
                onOpen={onOpen}
              />
            </div>
          </div>
        ))}
        <div className="relative mt-1 h-4 overflow-hidden sm:ml-[9.25rem]">
          {ticks.map(({ instant, label, strong }) => (
            <span
              key={instant}
              className={classes(
                "tabular absolute -translate-x-1/2 text-meta whitespace-nowrap max-sm:even:invisible",
                strong ? "text-ink-soft" : "text-ink-faint",
                // A label that would be cut off at the edge is left out.
                (part(instant) < 0.03 || part(instant) > 0.97) && "invisible",
              )}
              style={{ left: `${part(instant) * 100}%` }}
            >
              {label}
            </span>
          ))}
        </div>
      </div>
      <p id={hint} className="sr-only">
        Left and right arrows go from bar to bar, up and down from row to row, Enter opens.
      </p>
      {/* The wrapper keeps the hidden table from widening the page. */}
      <div className="sr-only">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              {["Who", "What", "How it went"].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.flatMap(({ name, bars }) =>
              bars.map(({ id, subject, words }) => (
                <tr key={id}>
                  <th scope="row">{name}</th>
                  <td>{subject}</td>
                  <td>{words}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Tracks<Item extends Bar>({
  bars,
  part,
  kinds,
  marked,
  onPoint,
  onOpen,
}: {
  readonly bars: readonly Item[];
  /** The position of an instant in the span, from 0 to 1. */
  readonly part: (instant: number) => number;
  readonly kinds: Kinds<Item>;
  readonly marked: string | undefined;
  readonly onPoint: (id: string) => void;
  readonly onOpen: (bar: Item) => void;
}) {
  const tracks = packed(bars);
  return (
    <div
      className="relative"
      style={{ height: Math.max(1, tracks.length) * (BAR_PX + GAP_PX) - GAP_PX }}
    >
      {tracks.flatMap((track, index) =>
        track.map((bar) => {
          const { color, look } = kinds[bar.kind as Item["kind"]];
          return (
            <span
              key={bar.id}
              data-bar={bar.kind}
              onPointerEnter={() => onPoint(bar.id)}
              onClick={() => onOpen(bar)}
              className={classes(
                // Thin bars get a larger area for the pointer.
                "absolute border after:absolute after:-inset-x-1 after:-inset-y-0.5",
                look === "sharp" && "rounded-none border-ink bg-(--mark)",
                look === "solid" && "rounded-xs border-transparent bg-(--mark)",
                look === "open" && "rounded-l-xs border-transparent border-r-ink bg-(--mark)",
                look === "hollow" && "rounded-xs border-(--mark) bg-transparent",
                marked === bar.id && "outline-2 outline-offset-1 outline-accent",
              )}
              style={{
                ["--mark" as string]: color,
                // Keeps a bar of minimum width inside the row if it begins at the end of the span.
                left: `min(${part(bar.from) * 100}%, 100% - ${THINNEST_PX}px)`,
                width: `${(part(bar.to) - part(bar.from)) * 100}%`,
                minWidth: THINNEST_PX,
                top: index * (BAR_PX + GAP_PX),
                height: BAR_PX,
              }}
            />
          );
        }),
      )}
    </div>
  );
}

function Legend({ kinds }: { readonly kinds: Readonly<Record<string, BarKind>> }) {
  return (
    <span className="flex flex-wrap gap-x-4 gap-y-1" aria-hidden>
      {Object.values(kinds).map(({ title, color, look }) => (
        <span key={title} className="flex items-center gap-1.5">
          <span
            className={classes(
              "h-2 w-3 border",
              look === "sharp" && "border-ink bg-(--mark)",
              look === "solid" && "rounded-xs border-transparent bg-(--mark)",
              look === "open" && "rounded-l-xs border-transparent border-r-ink bg-(--mark)",
              look === "hollow" && "rounded-xs border-(--mark)",
            )}
            style={{ ["--mark" as string]: color }}
          />
          {title}
        </span>
      ))}
    </span>
  );
}

import { Dialog } from "@/components/Dialog.tsx";
import { Kbd } from "@/components/Kbd.tsx";
import { PAGES } from "./pages.ts";

type Row = readonly [keys: readonly string[], does: string];

const titles = PAGES.map(({ title }) => title.toLowerCase()).join(", ");

const EVERYWHERE: readonly Row[] = [
  [["g", PAGES.map(({ key }) => key).join(" ")], `Go to ${titles}`],
  [["Ctrl", "K"], "Do anything by name"],
  [["f"], "Filter what can be filtered"],
  [["?"], "All of this"],
];

const ON_THE_BOARD: readonly Row[] = [
  [["h", "j", "k", "l"], "Walk the cards; arrows do the same"],
  [["Enter"], "Open the card"],
  [["Esc"], "Close it"],
  [["m", "1…6"], "Move the card to a column"],
  [["Space", "← →", "Space"], "Pick up, choose a column, drop"],
  [["x"], "Select the card, or take it out again"],
  [["Shift", "j k"], "Select on the way; then every key acts on all"],
  [["a"], "Give the card to an agent"],
  [["o"], "Say whose it is"],
  [["p"], "Say how urgent it is"],
  [["z"], "Undo the last move of this browser, for eight hours"],
  [["/"], "Search"],
  [["d"], "Group and order the cards"],
  [["v"], "Saved views"],
];

const ON_THE_QUEUE: readonly Row[] = [
  [["j", "k"], "Walk the issues; Enter opens one"],
  [["c"], "Change the issue's priority, lane or agent"],
  [["a"], "Choose whose queue"],
  [["l"], "Choose the lane"],
  [["p"], "Pause work"],
];

const ON_AUTOMATION: readonly Row[] = [
  [["←", "→"], "Go from run to run in a strip; Enter opens one"],
  [["r"], "Run the workflow that is shown"],
  [["Esc"], "Close the run"],
];

/** The list of all keyboard shortcuts. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <Keys title="Everywhere" rows={EVERYWHERE} />
      <Keys title="On the board" rows={ON_THE_BOARD} />
      <Keys title="On the queue" rows={ON_THE_QUEUE} />
      <Keys title="On automation" rows={ON_AUTOMATION} />
    </Dialog>
  );
}

function Keys({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  return (
    <>
      <h3 className="mt-3 mb-2 text-meta font-medium text-ink-faint">{title}</h3>
      <dl className="grid grid-cols-[9rem_1fr] items-center gap-x-4 gap-y-2">
        {rows.map(([keys, does]) => (
          <div key={does} className="contents">
            <dt className="flex gap-1">
              {keys.map((key, index) => (
                <Kbd key={index}>{key}</Kbd>
              ))}
            </dt>
            <dd className="text-board text-ink-soft">{does}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

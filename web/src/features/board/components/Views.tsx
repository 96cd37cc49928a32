import { Bookmark, Link2 } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { notify } from "@/components/Notices.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { underBase } from "@/lib/basePath.ts";
import { useMay } from "@/lib/viewer.ts";
import { addressOfView, wordsOfView } from "../model/views.ts";
import { deleteView, readViews, saveView, type SavedView } from "../api/views.ts";

type Props = {
  /** Filter, grouping and order of the board as its address holds them; empty for the whole board as it is. */
  readonly query: string;
  readonly onOpen: (query: string) => void;
  readonly onClose: () => void;
};

export function ViewsButton({ onOpen }: { readonly onOpen: () => void }) {
  return (
    <Button look="quiet" onClick={onOpen} aria-keyshortcuts="v">
      <Bookmark size={14} aria-hidden />
      <span className="max-sm:sr-only">Views</span>
    </Button>
  );
}

/** Boards that have been given a name: open one, save this one, send one to somebody, forget one. */
export function Views({ query, onOpen, onClose }: Props) {
  const [views, setViews] = useState<readonly SavedView[]>();
  const [problem, setProblem] = useState<string>();
  const [version, setVersion] = useState(0);
  const maySave = useMay("saveView");

  useEffect(() => {
    let here = true;
    void readViews().then((answer) => {
      if (!here) return;
      setProblem(answer.failure?.message);
      if (answer.data) setViews(answer.data);
    });
    return () => {
      here = false;
    };
  }, [version]);

  const after = async (done: ReturnType<typeof saveView>) => {
    const answer = await done;
    setProblem(answer.failure?.message);
    if (!answer.failure) setVersion(version + 1);
  };

  return (
    <Dialog title="Views" onClose={onClose}>
      {maySave && (
        <SaveForm words={wordsOfView(query)} onSave={(name) => void after(saveView(name, query))} />
      )}
      <NotOffered action="saveView" />
      {problem !== undefined && (
        <p role="alert" className="mt-2 text-danger">
          {problem}
        </p>
      )}
      <ul aria-label="Saved views" className="mt-3 divide-y divide-line">
        {views?.map((view) => (
          <li key={view.id} className="flex items-center gap-2 py-1.5">
            <a
              href={underBase(addressOfView(view.id))}
              className="group -ml-1 min-w-0 grow rounded px-1 py-1"
              aria-current={view.query === query || undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                onOpen(view.query);
                onClose();
              }}
            >
              <span className="block truncate text-body font-medium group-hover:underline">
                {view.name}
              </span>
              <span className="block truncate text-meta text-ink-faint">
                {view.query === query && <span className="text-accent">shown now · </span>}
                {wordsOfView(view.query)}
              </span>
            </a>
            <Button
              look="quiet"
              aria-label={`Copy the link to ${view.name}`}
              onClick={() =>
                void copy(new URL(underBase(addressOfView(view.id)), location.href).href)
              }
            >
              <Link2 size={14} aria-hidden />
              <span className="max-sm:sr-only">Copy link</span>
            </Button>
            {maySave && (
              <Button
                look="quiet"
                aria-label={`Forget ${view.name}`}
                onClick={() => void after(deleteView(view.id))}
              >
                Forget
              </Button>
            )}
          </li>
        ))}
        {views?.length === 0 && <li className="py-3 text-ink-faint">None is saved yet.</li>}
      </ul>
    </Dialog>
  );
}

/** Puts an address into the clipboard, or shows it where the browser does not allow that. */
async function copy(address: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(address);
    notify("The link is copied.");
  } catch {
    notify(address);
  }
}

function SaveForm({
  words,
  onSave,
}: {
  /** What would be saved. */
  readonly words: string;
  readonly onSave: (name: string) => void;
}) {
  const [name, setName] = useState("");
  const field = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(name.trim());
        setName("");
      }}
    >
      <label htmlFor={field} className="text-ink-soft">
        Save what the board shows now, for everybody.
        <span className="block truncate text-meta text-ink-faint">{words}</span>
      </label>
      <div className="mt-2 flex gap-2">
        <input
          id={field}
          data-first
          value={name}
          onChange={(event) => setName(event.target.value)}
          placeholder="Name"
          maxLength={80}
          autoComplete="off"
          className="h-8 min-w-0 grow rounded border border-line-strong bg-page px-2.5 text-body placeholder:text-ink-faint"
        />
        <Button type="submit" look="primary" className="h-8" disabled={name.trim() === ""}>
          Save
        </Button>
      </div>
    </form>
  );
}

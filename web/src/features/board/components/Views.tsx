import { Bookmark, Link2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { NameForm } from "@/components/NameForm.tsx";
import { notify } from "@/components/Notices.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { underBase } from "@/lib/basePath.ts";
import { useMay } from "@/lib/viewer.ts";
import { addressOfView, wordsOfView } from "../model/views.ts";
import { deleteView, readViews, saveView, type SavedView } from "../api/views.ts";

type Props = {
  /** Filter, grouping and order as in the address of the board; empty for the defaults. */
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

/** The saved views of the board: open, save, copy the link, delete. */
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

  const reread = () => setVersion(version + 1);
  const forget = async (id: string) => {
    const answer = await deleteView(id);
    setProblem(answer.failure?.message);
    if (!answer.failure) reread();
  };

  return (
    <Dialog title="Views" onClose={onClose}>
      {maySave && (
        <NameForm
          label={
            <>
              Save what the board shows now, for everybody.
              <span className="block truncate text-meta text-ink-faint">{wordsOfView(query)}</span>
            </>
          }
          placeholder="Name"
          maxLength={80}
          verb="Save"
          busyVerb="Saving…"
          send={(name) => saveView(name, query)}
          onSent={reread}
        />
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
                onClick={() => void forget(view.id)}
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

/** Copies an address to the clipboard. If the browser does not allow that, the address is shown. */
async function copy(address: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(address);
    notify("The link is copied.");
  } catch {
    notify(address);
  }
}

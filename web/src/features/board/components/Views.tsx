import { Bookmark } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { deleteView, readViews, saveView, type SavedView } from "../api/views.ts";

type Props = {
  /** The filter of the board as its address holds it. */
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

/** Filters that have been given a name: open one, save this one, forget one. */
export function Views({ query, onOpen, onClose }: Props) {
  const [views, setViews] = useState<readonly SavedView[]>();
  const [problem, setProblem] = useState<string>();
  const [version, setVersion] = useState(0);

  const list = useRef<HTMLUListElement>(null);
  // Nothing can be saved of a whole board, so hands begin at what was saved before.
  const first = query === "" ? views?.[0]?.id : undefined;
  useEffect(() => {
    if (first !== undefined) list.current?.querySelector("button")?.focus();
  }, [first]);

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
      <SaveForm disabled={query === ""} onSave={(name) => void after(saveView(name, query))} />
      {problem !== undefined && (
        <p role="alert" className="mt-2 text-danger">
          {problem}
        </p>
      )}
      <ul ref={list} aria-label="Saved views" className="mt-3 divide-y divide-line">
        {views?.map((view) => (
          <li key={view.id} className="flex items-center gap-2 py-1.5">
            <button
              type="button"
              className="min-w-0 grow rounded px-1 py-1 text-left hover:underline"
              onClick={() => {
                onOpen(view.query);
                onClose();
              }}
            >
              <span className="block truncate text-body font-medium">{view.name}</span>
              <span className="block truncate text-meta text-ink-faint">
                {[...new URLSearchParams(view.query)].map((each) => each.join("=")).join(" · ")}
              </span>
            </button>
            <Button
              look="quiet"
              aria-label={`Forget ${view.name}`}
              onClick={() => void after(deleteView(view.id))}
            >
              Forget
            </Button>
          </li>
        ))}
        {views?.length === 0 && <li className="py-3 text-ink-faint">None is saved yet.</li>}
      </ul>
    </Dialog>
  );
}

function SaveForm({
  disabled,
  onSave,
}: {
  readonly disabled: boolean;
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
        {disabled
          ? "Narrow the board down first, then save that here for everybody."
          : "Save what the board shows now, for everybody."}
      </label>
      <div className="mt-2 flex gap-2">
        <input
          id={field}
          data-first
          value={name}
          disabled={disabled}
          onChange={(event) => setName(event.target.value)}
          placeholder="Name"
          maxLength={80}
          autoComplete="off"
          className="h-8 min-w-0 grow rounded border border-line-strong bg-page px-2.5 text-body placeholder:text-ink-faint disabled:opacity-60"
        />
        <Button
          type="submit"
          look="primary"
          className="h-8"
          disabled={disabled || name.trim() === ""}
        >
          Save
        </Button>
      </div>
    </form>
  );
}

import { useEffect, useEffectEvent, useId, useState } from "react";
import { Dialog } from "@/components/Dialog.tsx";
import { DialogForm } from "@/components/DialogForm.tsx";
import { Kbd } from "@/components/Kbd.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useSignal } from "@/lib/signal.ts";
import { STATUSES, statusOfKey, statusTitle, type Status } from "@/lib/statuses.ts";
import { Assign } from "./Assign.tsx";
import { useBoard } from "./context.ts";

/** Renders the open prompt, if any. */
export function Prompts() {
  const { interaction, session, mover, move } = useBoard();
  const prompt = useSignal(interaction.prompt);
  const close = () => interaction.prompt.set(undefined);
  switch (prompt?.kind) {
    case "move": {
      const { ids } = prompt;
      const [first] = ids;
      const choose = (to: Status) => {
        close();
        move(ids, to);
        if (first !== undefined) interaction.focus(first);
      };
      const from = new Set(ids.map((id) => session.store.card(id)?.status));
      return (
        <WhereTo
          many={ids.length}
          from={from.size === 1 ? [...from][0] : undefined}
          onChoose={choose}
          onClose={close}
        />
      );
    }
    case "reason": {
      const { ids } = prompt;
      const [first] = ids;
      const done = () => {
        close();
        if (first !== undefined) interaction.focus(first);
      };
      return (
        <WhyBlocked
          onGive={(reason) => {
            void mover.move(ids, "BLOCKED", reason);
            done();
          }}
          onClose={() => {
            for (const id of ids) session.store.abandon(id);
            done();
          }}
        />
      );
    }
    case "agent":
    case "owner":
    case "priority":
      return <Assign kind={prompt.kind} ids={prompt.ids} onClose={close} />;
    case undefined:
      return null;
  }
}

function WhereTo({
  many,
  from,
  onChoose,
  onClose,
}: {
  readonly many: number;
  /** The column of the cards, if it is the same for all. */
  readonly from: Status | undefined;
  readonly onChoose: (to: Status) => void;
  readonly onClose: () => void;
}) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const to = statusOfKey(event.key);
    if (!to) return;
    event.preventDefault();
    onChoose(to);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, []);
  return (
    <Dialog
      title={many === 1 ? "Move to" : `Move ${many} cards to`}
      onClose={onClose}
      className="max-w-64"
    >
      <ul className="-mx-2">
        {STATUSES.map((status, index) => (
          <li key={status}>
            <button
              type="button"
              disabled={status === from}
              onClick={() => onChoose(status)}
              className="flex w-full items-center gap-2.5 rounded px-2 py-1.5 text-left text-body hover:bg-column disabled:opacity-50"
            >
              <StatusGlyph status={status} />
              <span className="grow">{statusTitle(status)}</span>
              <Kbd>{String(index + 1)}</Kbd>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function WhyBlocked({
  onGive,
  onClose,
}: {
  readonly onGive: (reason: string) => void;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const field = useId();
  const given = reason.trim();
  return (
    <DialogForm
      title="Why is it blocked?"
      onClose={onClose}
      verb="Move to Blocked"
      isIncomplete={given === ""}
      onSubmit={() => onGive(given)}
    >
      <div>
        <label htmlFor={field} className="text-board text-ink-soft">
          Shown on the card for as long as it is blocked.
        </label>
        <input
          id={field}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
          data-first
          autoComplete="off"
          className="mt-2 h-9 w-full rounded border border-line-strong bg-page px-2.5 text-body"
        />
      </div>
    </DialogForm>
  );
}

import { useSignal } from "@/lib/signal.ts";
import type { Changes } from "../api/changes.ts";
import type { Choices, Queue } from "../api/queue.ts";
import { ChangePicker } from "./ChangePicker.tsx";
import { keepFocus } from "./rows.ts";

/** Asks what to change of the issue whose row was pressed, and changes it; nothing while none was. */
export function Changing({
  changes,
  queue,
  onChanged,
  ...offered
}: {
  readonly changes: Changes;
  /** The queue as it is shown, in which the issue may be another meanwhile. */
  readonly queue: Queue["queue"];
  readonly agents: Choices["agents"];
  readonly lanes: readonly string[];
  /** Reads the queue again. */
  readonly onChanged: () => Promise<void>;
}) {
  const asking = useSignal(changes.asking);
  if (!asking) return null;
  const issue = queue.find((each) => each.issue.id === asking.id)?.issue ?? asking;
  return (
    <ChangePicker
      issue={issue}
      {...offered}
      onClose={() => {
        changes.asking.set(undefined);
        keepFocus(issue.id);
      }}
      onChange={(wanted) =>
        void changes.make(issue, wanted, async () => {
          await onChanged();
          keepFocus(issue.id);
        })
      }
    />
  );
}

import { useSignal } from "@/lib/signal.ts";
import type { Changes } from "../api/changes.ts";
import type { Choices, Queue } from "../api/queue.ts";
import { ChangePicker } from "./ChangePicker.tsx";
import { keepFocus } from "./rows.ts";

/** The change dialog of the issue whose button was pressed. Renders nothing if none was. */
export function Changing({
  changes,
  queue,
  onChanged,
  ...offered
}: {
  readonly changes: Changes;
  /** The shown queue. The issue may have changed in it since the button was pressed. */
  readonly queue: Queue["queue"];
  readonly agents: Choices["agents"];
  readonly lanes: readonly string[];
  /** Reloads the queue. */
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

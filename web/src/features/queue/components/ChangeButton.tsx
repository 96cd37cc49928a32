import { Ellipsis } from "lucide-react";
import { IconButton } from "@/components/Button.tsx";
import { whyReadOnly } from "@/lib/issues.ts";
import { useSignal } from "@/lib/signal.ts";
import { useMay } from "@/lib/viewer.ts";
import { nameOf, type Changes, type RowIssue } from "../api/changes.ts";
import { CHANGE } from "./rows.ts";

/** What the viewer may change. A lane is not stored on GitHub, so it can be changed even in a read-only repository. */
export function useMayChange({ repository }: RowIssue): {
  readonly labels: boolean;
  readonly lane: boolean;
} {
  const mayEdit = useMay("edit");
  return { labels: mayEdit && whyReadOnly(repository) === undefined, lane: useMay("lane") };
}

/** Opens the change dialog for the issue of a row; not rendered for viewers who may not change it. */
export function ChangeButton({
  issue,
  changes,
}: {
  readonly issue: RowIssue;
  readonly changes: Changes;
}) {
  const may = useMayChange(issue);
  const isBusy = useSignal(changes.asked).get(issue.id)?.state === "under way";
  if (!may.labels && !may.lane) return null;
  return (
    <IconButton
      {...{ [CHANGE]: "" }}
      label={`Change ${nameOf(issue)}`}
      aria-haspopup="dialog"
      aria-keyshortcuts="c"
      // It is not `disabled` while it is busy, because it would lose the focus.
      aria-disabled={isBusy}
      aria-busy={isBusy}
      onClick={() => {
        if (!isBusy) changes.asking.set(issue);
      }}
      className="-my-1 aria-disabled:opacity-50"
    >
      <Ellipsis size={14} aria-hidden />
    </IconButton>
  );
}

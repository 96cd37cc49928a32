import { addComment } from "../api/comments.ts";
import { SendBox } from "./SendBox.tsx";

/** The maximum length of a comment on GitHub. */
const LONGEST = 65_536;

type Props = {
  readonly issueId: string;
  /** Called when the comment is on GitHub. Resolves when the shown comments include it. */
  readonly onSaid: () => Promise<void>;
};

/** The text box for a comment on GitHub. */
export function CommentBox({ issueId, onSaid }: Props) {
  return (
    <SendBox
      draft={issueId}
      label="Comment"
      placeholder="Comment on GitHub"
      verb="Comment"
      refused="Not posted"
      longest={LONGEST}
      className="shrink-0 px-4 py-3 max-sm:pb-[max(0.75rem,env(safe-area-inset-bottom))]"
      send={(body) => addComment(issueId, body)}
      onSent={onSaid}
    />
  );
}

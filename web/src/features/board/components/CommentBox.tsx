import { addComment } from "../api/comments.ts";
import { SendBox } from "./SendBox.tsx";

/** The longest text that GitHub takes. */
const LONGEST = 65_536;

type Props = {
  readonly issueId: string;
  /** The comment is on GitHub; resolves when what is shown of the issue includes it. */
  readonly onSaid: () => Promise<void>;
};

/** The place to say something on an issue, on GitHub. */
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

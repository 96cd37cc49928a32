import { CheckCheck, Clock, MessageCircleQuestionMark } from "lucide-react";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { fullTime, since, useNow } from "@/lib/time.ts";
import type { Lease } from "../api/documents.ts";
import { sendMessage, type Message } from "../api/leases.ts";
import { SendBox } from "./SendBox.tsx";

/** The maximum length of a message on the server. */
const LONGEST = 10_000;

/** The question of a holder. It is the agent's own text. */
export function Question({
  agent,
  question,
  since: asked,
}: {
  readonly agent: string;
  readonly question: string;
  /** When it was asked; absent until that is loaded. */
  readonly since: string | undefined;
}) {
  return (
    <div
      role="group"
      aria-label={`Question of ${agent}`}
      className="border-t border-line px-3 py-2"
    >
      <p className="flex items-center gap-1.5 text-meta text-warning">
        <MessageCircleQuestionMark size={13} className="shrink-0" aria-hidden />
        <span className="grow font-medium">{agent} waits for an answer</span>
        {asked !== undefined && <RelativeTime instant={asked} />}
      </p>
      <p className="mt-1 text-body wrap-anywhere whitespace-pre-wrap" dir="auto">
        {question}
      </p>
    </div>
  );
}

/** The messages to a holder, oldest first, and whether each was read. */
export function Messages({
  agent,
  messages,
}: {
  readonly agent: string;
  readonly messages: readonly Message[];
}) {
  return (
    <ol
      aria-label={`Messages to ${agent}`}
      className="flex flex-col gap-2 border-t border-line px-3 py-2"
    >
      {messages.map((message) => (
        <li key={message.id}>
          <div className="flex items-center gap-1.5 text-meta text-ink-faint">
            <span className="min-w-0 truncate font-medium text-ink-soft">{message.author}</span>
            <ReadBadge readAt={message.readAt} />
            <span className="grow" />
            <RelativeTime instant={message.sentAt} />
          </div>
          <p className="text-board wrap-anywhere whitespace-pre-wrap" dir="auto">
            {message.body}
          </p>
        </li>
      ))}
    </ol>
  );
}

function ReadBadge({ readAt }: { readonly readAt: string | null }) {
  const now = useNow();
  if (readAt === null) {
    return (
      <span
        className="inline-flex shrink-0 items-center gap-1"
        title="The agent gets it with its next renewal"
      >
        <Clock size={11} aria-hidden />
        not read yet
      </span>
    );
  }
  return (
    <span className="inline-flex shrink-0 items-center gap-1" title={fullTime(readAt)}>
      <CheckCheck size={12} className="text-success" aria-hidden />
      read {since(readAt, now)}
    </span>
  );
}

/** The text box for messages to the holder and answers to its question. */
export function WriteBox({
  lease: { id, agent, awaitingInput },
  onChanged,
}: {
  readonly lease: Lease;
  readonly onChanged: () => Promise<void>;
}) {
  const answers = awaitingInput !== null;
  return (
    <SendBox
      draft={id}
      label={answers ? `Answer to ${agent}` : `Message to ${agent}`}
      placeholder={answers ? `Answer ${agent}` : `Write to ${agent}`}
      verb={answers ? "Answer" : "Send"}
      refused="Not sent"
      longest={LONGEST}
      className="px-3 py-2.5"
      send={(body) => sendMessage(id, body)}
      onSent={onChanged}
    />
  );
}

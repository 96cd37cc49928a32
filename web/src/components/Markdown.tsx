import { Component, useMemo, type ReactNode } from "react";
import { parseMarkdown, type Element, type Limit, type Node } from "@/lib/markdown.ts";

/**
 * Renders Markdown from GitHub as elements, never as HTML: tags are dropped, addresses are filtered, and images become
 * links, because the page loads nothing from other hosts. A text that exceeds the limits is shown as plain text.
 */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <PlainOnError key={text} text={text}>
      <Formatted text={text} />
    </PlainOnError>
  );
}

function Formatted({ text }: { readonly text: string }) {
  const nodes = useMemo(() => parseMarkdown(text), [text]);
  if (typeof nodes === "string") return <Plain text={text} why={BEYOND[nodes]} />;
  return (
    <div className="markdown text-body wrap-anywhere" dir="auto">
      {draw(nodes)}
    </div>
  );
}

const BEYOND = {
  length: "it is too long to be formatted",
  nesting: "it is too deeply nested to be formatted",
  elements: "it has too many elements to be formatted",
  steps: "it is too complex to be formatted",
} as const satisfies Record<Limit, string>;

/** An unformatted text. `why` is the reason, as the end of a sentence. */
function Plain({ text, why }: { readonly text: string; readonly why: string }) {
  return (
    <div className="text-body wrap-anywhere" dir="auto">
      <p className="mb-2 text-meta text-ink-faint">Shown as plain text: {why}.</p>
      <p className="whitespace-pre-wrap">{text}</p>
    </div>
  );
}

/** Shows a text that cannot be formatted as plain text, so that the rest of the page still works. */
class PlainOnError extends Component<
  { readonly text: string; readonly children: ReactNode },
  { readonly failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render(): ReactNode {
    const { text, children } = this.props;
    return this.state.failed ? (
      <Plain text={text} why="an error occurred in formatting it" />
    ) : (
      children
    );
  }
}

/** The order of the nodes never changes, so the index is the key. The parser limits the depth. */
const draw = (nodes: readonly Node[]): ReactNode[] =>
  nodes.map((node, index) =>
    typeof node === "string" ? node : <Drawn key={index} element={node} />,
  );

function Drawn({ element: { tag, attributes, children } }: { readonly element: Element }) {
  const content = draw(children);
  switch (tag) {
    case "a":
      return <Outward href={attributes.href}>{content}</Outward>;
    case "img":
      return <Outward href={attributes.href}>{content.length > 0 ? content : "Picture"}</Outward>;
    case "pre":
      return <pre tabIndex={0}>{content}</pre>;
    case "table":
      return (
        <div className="overflow-x-auto" tabIndex={0}>
          <table>{content}</table>
        </div>
      );
    case "input":
      return (
        <input
          type="checkbox"
          checked={attributes.checked === "true"}
          disabled
          readOnly
          aria-label={attributes.checked === "true" ? "Done" : "To do"}
        />
      );
    case "ol":
      return <ol start={Number(attributes.start ?? 1)}>{content}</ol>;
    case "th":
    case "td": {
      const Cell = tag;
      return (
        <Cell style={attributes.align ? { textAlign: attributes.align as "left" } : undefined}>
          {content}
        </Cell>
      );
    }
    default: {
      const Tag = (PLAIN_TAGS.has(tag) ? tag : "span") as "span";
      return VOID_TAGS.has(tag) ? <Tag /> : <Tag>{content}</Tag>;
    }
  }
}

const VOID_TAGS = new Set(["br", "hr"]);

/** Elements that are rendered without attributes. */
const PLAIN_TAGS = new Set(
  "p h3 h4 h5 h6 ul li blockquote code em strong s thead tbody tr br hr".split(" "),
);

/** A link to another site. If its address was removed as unsafe, only its text is shown. */
function Outward({
  href,
  children,
}: {
  readonly href: string | undefined;
  readonly children: ReactNode;
}) {
  if (href === undefined) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

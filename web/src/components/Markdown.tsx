import type { ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

/**
 * Text from GitHub as elements, never as HTML: tags in it are dropped, addresses are filtered by the library, and
 * pictures become links, because the page loads nothing from other hosts.
 */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown text-body wrap-anywhere" dir="auto">
      <ReactMarkdown remarkPlugins={[remarkGfm, nestHeadings]} skipHtml components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

type Tree = { readonly type: string; depth?: number; readonly children?: readonly Tree[] };

/**
 * Ranks the headings of a text below the page's own, without a gap between ranks: authors choose them by size, screen
 * readers tell the outline by them.
 */
const nestHeadings = () => (tree: Tree) => {
  const above: number[] = [];
  for (const node of tree.children ?? []) {
    if (node.type !== "heading" || node.depth === undefined) continue;
    while ((above.at(-1) ?? 0) >= node.depth) above.pop();
    above.push(node.depth);
    node.depth = Math.min(2 + above.length, 6);
  }
};

/** A link that leaves the page. An address that the library took away, as it might run something, leaves the words. */
function Outward({ href, children }: { readonly href: unknown; readonly children: ReactNode }) {
  if (typeof href !== "string" || href === "") return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

const COMPONENTS: Components = {
  a: ({ href, children }) => <Outward href={href}>{children}</Outward>,
  img: ({ src, alt }) => (
    <Outward href={src}>{alt === undefined || alt === "" ? "Picture" : alt}</Outward>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
  table: ({ children }) => (
    <div className="overflow-x-auto" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
  input: ({ checked }) => (
    <input
      type="checkbox"
      checked={checked === true}
      disabled
      readOnly
      aria-label={checked ? "Done" : "To do"}
    />
  ),
};

import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

/**
 * Text from GitHub as elements, never as HTML: tags in it are dropped, addresses are filtered by the library, and
 * pictures become links, because the page loads nothing from other hosts.
 */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <div className="markdown text-body wrap-anywhere" dir="auto">
      <ReactMarkdown remarkPlugins={[remarkGfm]} skipHtml components={COMPONENTS}>
        {text}
      </ReactMarkdown>
    </div>
  );
}

const outward = { target: "_blank", rel: "noreferrer noopener" } as const;

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} {...outward}>
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} {...outward}>
      {alt === undefined || alt === "" ? "Picture" : alt}
    </a>
  ),
  // A page has one first heading, and it is not in an issue's text.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
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

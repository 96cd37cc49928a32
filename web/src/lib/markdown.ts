/**
 * Parses untrusted Markdown. Every text has limits on length, nesting, elements and parsing steps. They are counted and
 * not measured in time, so that the same text always has the same result.
 */
import MarkdownIt, { type Token } from "markdown-it";

/** The maximum length of a text on GitHub. */
const MAX_LENGTH = 65_536;
/** The maximum nesting of lists, quotes and emphasis. A list counts twice: the list and its item. */
const MAX_DEPTH = 48;
const MAX_NODES = 10_000;
/** The maximum number of positions that the parser examines. Usual texts need less than one for each character. */
const MAX_STEPS = 200_000;

export type Element = {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
};

export type Node = string | Element;

/** The limit that a text exceeds. */
export type Limit = "length" | "nesting" | "elements" | "steps";

/** Thrown inside the parser to stop it. */
class BeyondLimit extends Error {
  readonly limit: Limit;

  constructor(limit: Limit) {
    super(limit);
    this.limit = limit;
  }
}

let steps = 0;
const countStep = (): boolean => {
  steps += 1;
  if (steps > MAX_STEPS) throw new BeyondLimit("steps");
  return false;
};

// The parser silently drops content beyond its own nesting limit, so that limit is higher than ours.
const parser = new MarkdownIt({ html: true, linkify: true, maxNesting: MAX_DEPTH + 4 });
// Addresses are filtered below. If the parser rejected one, the source of the link would be shown.
parser.validateLink = () => true;
// `README.md` is not an address.
parser.linkify.set({ fuzzyLink: false });
parser.block.ruler.before("table", "count", countStep, {
  alt: ["paragraph", "reference", "blockquote", "list"],
});
parser.inline.ruler.before("text", "count", countStep);

/** The elements of a text, or the limit that it exceeds. Such a text is to be shown as plain text. */
export function parseMarkdown(text: string): readonly Node[] | Limit {
  if (text.length > MAX_LENGTH) return "length";
  steps = 0;
  try {
    return new Tree().build(parser.parse(text, {}));
  } catch (error) {
    if (error instanceof BeyondLimit) return error.limit;
    throw error;
  }
}

/**
 * Builds a tree from the parser's flat list, without recursion. HTML tags are dropped, the text between them is kept.
 */
class Tree {
  readonly #root: Node[] = [];
  readonly #open: Element[] = [];
  /** The levels of the enclosing headings in the text. */
  readonly #ranks: number[] = [];
  #nodes = 0;

  build(tokens: readonly Token[]): readonly Node[] {
    for (const token of tokens) {
      if (token.type === "inline") this.#addInline(token.children ?? []);
      else this.#add(token);
    }
    return this.#root;
  }

  #addInline(tokens: readonly Token[]): void {
    const [first] = tokens;
    const task = first?.type === "text" ? /^\[([ xX])\](?= )/.exec(first.content) : null;
    if (!first || !task || !this.#isAtStartOfItem()) {
      for (const token of tokens) this.#add(token);
      return;
    }
    this.#append(element("input", { checked: String(task[1] !== " ") }));
    this.#append(first.content.slice(task[0].length));
    for (const token of tokens.slice(1)) this.#add(token);
  }

  /** Whether a list item, or its first paragraph, is still empty. */
  #isAtStartOfItem(): boolean {
    const [outer, inner] = this.#open.slice(-2);
    if (inner?.tag === "li") return inner.children.length === 0;
    return inner?.tag === "p" && outer?.tag === "li" && outer.children.length === 1;
  }

  #add(token: Token): void {
    if (token.nesting === -1) {
      if (!token.hidden) this.#open.pop();
      return;
    }
    // The parser marks the paragraphs of a tight list as hidden.
    if (token.hidden) return;
    switch (token.type) {
      case "text":
      case "text_special":
        this.#append(token.content);
        return;
      case "softbreak":
        this.#append("\n");
        return;
      case "html_block":
      case "html_inline":
        return;
      case "fence":
      case "code_block":
        this.#append(element("pre", {}, [element("code", {}, [token.content])]), 3);
        return;
      case "code_inline":
        this.#append(element("code", {}, [token.content]), 2);
        return;
      case "image":
        this.#append(element("img", attributesOf(token), [token.content]), 2);
        return;
      case "heading_open":
        this.#enter(this.#heading(token.tag));
        return;
      default:
        if (token.nesting === 1) this.#enter(element(token.tag, attributesOf(token)));
        else this.#append(element(token.tag, {}));
    }
  }

  /**
   * Maps the headings of a text to levels below those of the page, without gaps, because screen readers derive the
   * outline from the levels.
   */
  #heading(tag: string): Element {
    const rank = Number(tag.slice(1));
    while ((this.#ranks.at(-1) ?? 0) >= rank) this.#ranks.pop();
    this.#ranks.push(rank);
    return element(`h${Math.min(2 + this.#ranks.length, 6)}`, {});
  }

  #enter(entered: Element): void {
    this.#append(entered);
    this.#open.push(entered);
    if (this.#open.length > MAX_DEPTH) throw new BeyondLimit("nesting");
  }

  /** `size` is the number of added nodes, this one included. */
  #append(node: Node, size = 1): void {
    this.#nodes += size;
    if (this.#nodes > MAX_NODES) throw new BeyondLimit("elements");
    (this.#open.at(-1)?.children ?? this.#root).push(node);
  }
}

const element = (
  tag: string,
  attributes: Readonly<Record<string, string>>,
  children: Node[] = [],
): Element => ({ tag, attributes, children });

/** The attributes that are kept: safe addresses of links, the first number of a list, the alignment of cells. */
function attributesOf(token: Token): Record<string, string> {
  const kept: Record<string, string> = {};
  const address = String(token.attrGet("href") ?? token.attrGet("src"));
  if (/^(https?:\/\/|mailto:)/i.test(address)) kept.href = address;
  const start = token.attrGet("start");
  if (start !== null) kept.start = String(start);
  const [, align] = /^text-align:(left|center|right)$/.exec(String(token.attrGet("style"))) ?? [];
  if (align !== undefined) kept.align = align;
  return kept;
}

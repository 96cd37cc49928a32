import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type * as markdown from "@/lib/markdown.ts";
import { parseMarkdown, type Node } from "@/lib/markdown.ts";
import { Markdown } from "./Markdown.tsx";

/** A text at which the mocked parser throws. No real text does that. */
const FAILING = "**The parser** fails at `this`.";

vi.mock("@/lib/markdown.ts", async (original) => {
  const real = await original<typeof markdown>();
  const parseMarkdown = (text: string) => {
    if (text === FAILING) throw new Error("The parser has failed");
    return real.parseMarkdown(text);
  };
  return { ...real, parseMarkdown };
});

afterEach(cleanup);

const html = (text: string) =>
  render(<Markdown text={text} />).container.querySelector(".markdown")?.innerHTML;

it.each([
  ["# A\n### B\n## C", "<h3>A</h3><h4>B</h4><h4>C</h4>"],
  ["**a** _b_ ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"],
  ["a\nb  \nc", "<p>a\nb<br>c</p>"],
  ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  ["3. a", '<ol start="3"><li>a</li></ol>'],
  ["> a\n\n---", "<blockquote><p>a</p></blockquote><hr>"],
  ["```js\na < b\n```", '<pre tabindex="0"><code>a &lt; b\n</code></pre>'],
  ["a<b>bold</b><!-- c -->\n\n<script>alert(1)</script>", "<p>abold</p>"],
  ["README.md", "<p>README.md</p>"],
  ["- [ ] [x] a", /^<ul><li><input [^>]*aria-label="To do"[^>]*> \[x\] a<\/li><\/ul>$/],
  ["- [x] a", /^<ul><li><input [^>]*aria-label="Done"[^>]*> a<\/li><\/ul>$/],
  ["[ ] a", "<p>[ ] a</p>"],
  [
    "| a | b |\n|---|--:|\n| c | d |",
    /<th>a<\/th><th style="text-align: right;?">b<\/th>.*<td>c<\/td>/,
  ],
])("%j is formatted", (text, expected) => {
  if (typeof expected === "string") expect(html(text)).toBe(expected);
  else expect(html(text)).toMatch(expected);
});

it.each([
  ["[a](https://github.com/x)", "https://github.com/x"],
  ["see https://github.com/x.", "https://github.com/x"],
  ["<me@example.com>", "mailto:me@example.com"],
  ["![a](https://example.com/x.png)", "https://example.com/x.png"],
  ["[a](javascript:alert)", undefined],
  ["[a](JaVaScRiPt:alert)", undefined],
  ["[a](&#106;avascript:alert)", undefined],
  ["[a](data:text/html,alert)", undefined],
  ["[a](//elsewhere)", undefined],
  ["[a](/board)", undefined],
  ["![a](data:image/png;base64,alert)", undefined],
])("%s leads to %s", (text, address) => {
  const { container } = render(<Markdown text={text} />);
  expect(container.querySelector("a")?.getAttribute("href")).toBe(address);
  expect(container.querySelector("img, script")).toBeNull();
  expect(container.textContent).not.toContain("alert");
});

/** Patterns that are known to make Markdown parsers slow, repeated any number of times. */
const HOSTILE = [
  ">",
  "> ",
  "*",
  "_",
  "~",
  "[",
  "]",
  "[]",
  "![",
  "*_~[",
  "**a ",
  "a**b",
  "*a_ ",
  "- ",
  "1. ",
  "> - ",
  "- [ ] ",
  "[a](",
  "[a](b",
  "![[]()",
  "[^a]: ",
  "[a]: b\n",
  "<",
  "<!--",
  "<div>",
  "</a ",
  "<a href='",
  "<?",
  "<![CDATA[",
  "`",
  "`a``",
  "```\n",
  "~~~\n> ",
  "&",
  "&#x",
  "\\",
  "|",
  "|a\n|-\n",
  "|a|",
  "\n",
  "\t",
  "#",
  "=\n",
  "http://a.",
  "a@",
  "www.",
  "\u0000",
  "\u202e",
  "\ud83d",
] as const;

function measure(nodes: readonly Node[]): { depth: number; count: number } {
  let [depth, count] = [0, 0];
  const walk = (node: Node, at: number) => {
    depth = Math.max(depth, at);
    count += 1;
    if (typeof node !== "string") for (const child of node.children) walk(child, at + 1);
  };
  for (const node of nodes) walk(node, 1);
  return { depth, count };
}

/** Checks that a text stays within the limits if it is formatted. */
function expectBounded(text: string): void {
  const nodes = parseMarkdown(text);
  if (typeof nodes === "string") return;
  const { depth, count } = measure(nodes);
  expect(depth).toBeLessThanOrEqual(50);
  expect(count).toBeLessThanOrEqual(10_000);
}

// The timeout is a deadline for slow machines: each test parses more than a megabyte.
it.each(HOSTILE)(
  "any number of %j is formatted within the limits, or not at all",
  { timeout: 120_000 },
  (part) => {
    for (const length of [3_000, 20_000, 65_536]) {
      const many = part.repeat(length / part.length);
      for (const text of [
        many,
        `${many}a`,
        `a${many}`,
        many.slice(0, many.length / 2) + "a\n".repeat(500),
      ])
        expectBounded(text);
      expectBounded(many.slice(0, length / 2) + "a" + "]".repeat(length / 2));
    }
    const nested = Array.from({ length: 300 }, (_, level) => `${" ".repeat(2 * level)}${part}a`);
    expectBounded(nested.join("\n"));
  },
);

it(
  "any mixture of these patterns is formatted within the limits, or not at all",
  { timeout: 120_000 },
  () => {
    const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 2 ** 32));
    let state = seed;
    const chance = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 100; round += 1) {
      const parts = Array.from(
        { length: 1 + chance(4) },
        () => HOSTILE[chance(HOSTILE.length)] ?? "",
      );
      const text = parts
        .join("")
        .repeat(1 + chance(8_000))
        .slice(0, 65_536);
      expect(
        () => expectBounded(text),
        `SEED=${seed}, round ${round}, ${JSON.stringify(parts)}`,
      ).not.toThrow();
    }
  },
);

it.each([
  ["quotes", ">".repeat(3_000) + " the words", "it is too deeply nested"],
  ["lists", "- ".repeat(1_000) + "the words", "it is too deeply nested"],
  ["emphasis", "*".repeat(3_000) + "the words" + "*".repeat(3_000), "it is too deeply nested"],
  ["elements", "*a* ".repeat(6_000) + "the words", "it has too many elements"],
  ["steps", "> ".repeat(20) + "a\n".repeat(20_000) + "the words", "it is too complex"],
  ["length", "a ".repeat(40_000) + "the words", "it is too long"],
])("a text beyond the limit of %s is shown as plain text, with the reason", (_, text, why) => {
  const { container } = render(<Markdown text={text} />);
  expect(container.querySelector(".markdown")).toBeNull();
  expect(container.textContent).toBe(`Shown as plain text: ${why} to be formatted.${text}`);
});

it("a long usual text is formatted", () => {
  const chapter =
    "## A heading\n\nSome *words* with [a link](https://example.com), `code` and **more**.\n\n" +
    "- one\n  - two\n    - three\n\n> A quote\n\n| a | b |\n|---|---|\n| c | d |\n\n```\ncode\n```\n\n";
  expect(html(chapter.repeat(200))).toContain("<h3>A heading</h3>");
});

it("a text at which the parser throws is shown as plain text, and the page still works", () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const page = (text: string) => (
    <main>
      <h1>Above it</h1>
      <Markdown text={text} />
      <Markdown text="**another** text" />
    </main>
  );
  const { container, rerender } = render(page(FAILING));
  expect(logged).toHaveBeenCalled();
  expect(container.textContent).toContain(
    `Shown as plain text: an error occurred in formatting it.${FAILING}`,
  );
  expect(container.querySelector("h1")?.textContent).toBe("Above it");
  expect(container.querySelectorAll(".markdown")).toHaveLength(1);
  expect(container.querySelector(".markdown strong")?.textContent).toBe("another");

  rerender(page("**the next** text"));
  expect(container.querySelectorAll(".markdown"), "formatted again").toHaveLength(2);
  expect(container.textContent).not.toContain("Shown as plain text");
});

import { expect, it } from "vitest";
import { sizeWords } from "./sizes.ts";

it.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_500, "1.50 kB"],
  [123_456_789, "123 MB"],
  [45_600_000_000, "45.6 GB"],
])("%s bytes are %s", (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words);
});

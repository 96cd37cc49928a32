// Compresses each built file. The server sends brotli to most browsers, and gzip to those that do not accept brotli,
// which includes every browser over plain HTTP to another machine.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
/** The file types to compress. Fonts are already compressed. */
const TEXTS = /\.(css|html|js|svg|ttf)$/;
/** Smaller files are not compressed, because they fit into one packet. */
const LEAST_BYTES = 512;
/**
 * Larger files are compressed with a lower level, because the highest takes half a minute. Only the playground has such
 * files.
 */
const LARGE_BYTES = 300_000;

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE_BYTES ? 9 : 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

const names = await readdir(dist, { recursive: true });
await Promise.all(
  names
    .filter((name) => TEXTS.test(name))
    .map(async (name) => {
      const path = join(dist, name);
      const bytes = await readFile(path);
      if (bytes.length < LEAST_BYTES) return;
      await Promise.all([
        brotli(bytes).then((small) => writeFile(`${path}.br`, small)),
        promisify(gzip)(bytes, { level: 9 }).then((small) => writeFile(`${path}.gz`, small)),
      ]);
    }),
);

// Compresses each built file once, as the server then sends it: with brotli for most browsers, with gzip for those that
// do not speak it (any browser over plain HTTP to another machine).
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
/** Fonts are compressed in themselves. */
const TEXTS = /\.(css|html|js|svg|ttf)$/;
/** Smaller files fit into one packet anyway. */
const LEAST_BYTES = 512;
/** Only the playground has files this large, and the best level takes half a minute for them. */
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

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Where `npm run dev` finds the service; a build needs none.
const server = process.env.DISPATCH_SERVER ?? "http://127.0.0.1:3000";
const sources = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Relative, because a proxy may offer the pages below a path of its own.
  base: "./",
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // What `npm run size` looks up.
    manifest: true,
    // Inlined assets would be `data:` addresses, which the content security policy refuses.
    assetsInlineLimit: 0,
    // The editor of the playground is this large; `npm run size` holds the pages themselves to their budget.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // The playground's libraries are compiled by React's compiler and say so in words for it alone.
      onLog: (level, log, next) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log);
      },
      // What most parts of the program need is one file: each further one compresses for itself.
      output: {
        codeSplitting: {
          groups: [{ name: "shared", test: (id) => id.startsWith(sources), minShareCount: 6 }],
        },
      },
      input: {
        index: fileURLToPath(new URL("./index.html", import.meta.url)),
        graphiql: fileURLToPath(new URL("./graphiql.html", import.meta.url)),
      },
    },
  },
  server: {
    proxy: {
      "/graphql": { target: server, ws: true },
      "/api": server,
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    setupFiles: ["src/lib/testSetup.ts"],
    // A deadline for the slowest machine, not a measure.
    testTimeout: 30_000,
  },
});

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The service to which `npm run dev` forwards requests.
const server = process.env.DISPATCH_SERVER ?? "http://127.0.0.1:3000";
const sources = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Relative, because a proxy may serve the pages under another path.
  base: "./",
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // Used by `npm run size`.
    manifest: true,
    // Inlined assets would be `data:` URLs, which the content security policy forbids.
    assetsInlineLimit: 0,
    // The editor of the playground is this large. `npm run size` checks the sizes of the pages.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: {
      // Libraries of the playground contain directives of React's compiler, about which the bundler warns.
      onLog: (level, log, next) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") next(level, log);
      },
      // Modules that most chunks need are one file, because several small files compress worse.
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
  // The dev server ends if it bundles in advance what imports workers.
  optimizeDeps: { exclude: ["graphiql/setup-workers/vite"] },
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
    // A deadline for slow machines.
    testTimeout: 30_000,
  },
});

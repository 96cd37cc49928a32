import js from "@eslint/js";
import globals from "globals";
import { readdirSync } from "node:fs";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

// Imports point one way: app → features → components → lib. Features do not know each other; what two of
// them need moves down. A relative path may not climb out of its feature, so the alias names the layer.
const climbing = {
  regex: "^\\.\\./\\.\\./",
  message: "Reach other folders through `@/`, so that the layers stay visible.",
};
const layer = (files, forbidden) => ({
  files,
  rules: {
    "@typescript-eslint/no-restricted-imports": [
      "error",
      {
        patterns: [
          climbing,
          ...forbidden.map((group) => ({
            group: [group],
            message:
              "Imports point down: app → features → components → lib, and never across features.",
          })),
        ],
      },
    ],
  },
});
const features = readdirSync(new URL("./src/features", import.meta.url));

export default defineConfig(
  globalIgnores(["dist", "test-results", "src/lib/graphql/schema.d.ts"]),
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-definitions": ["error", "type"],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Text from GitHub is never HTML here.",
        },
      ],
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    languageOptions: { globals: globals.browser },
    extends: [hooks.configs.flat["recommended-latest"]],
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
  { files: ["public/*.js"], languageOptions: { globals: globals.browser } },
  // What it hands to the browser runs there.
  { files: ["bench/*.mjs"], languageOptions: { globals: globals.browser } },
  layer(["src/app/**"], []),
  ...features.map((own) =>
    layer(
      [`src/features/${own}/**`],
      [
        "@/app/*",
        ...features.filter((other) => other !== own).map((other) => `@/features/${other}`),
      ],
    ),
  ),
  layer(["src/components/**"], ["@/app/*", "@/features/*", "../features/*", "../app/*"]),
  layer(
    ["src/lib/**"],
    ["@/app/*", "@/features/*", "@/components/*", "../features/*", "../components/*", "../app/*"],
  ),
);

import { configure } from "@testing-library/react";

// Runs before each test file.

/** How long a test waits for an element. It is a deadline for slow machines. */
const PATIENCE_MS = 10_000;

configure({ asyncUtilTimeout: PATIENCE_MS });

import { configure } from "@testing-library/react";

// Runs before each file of tests.

/** How long a test waits for something to appear: a deadline for the slowest machine, not a measure. */
const PATIENCE_MS = 10_000;

configure({ asyncUtilTimeout: PATIENCE_MS });

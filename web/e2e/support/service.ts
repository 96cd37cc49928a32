import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BINARY = process.env.DISPATCH ?? resolve("../target/debug/dispatch");
const START_MS = 180_000;

/**
 * The settings of a demo without a history, because a debug build needs a minute to generate one, and without simulated
 * people. Only the screenshots of the README use a history.
 */
export const DEMO: readonly string[] =
  process.env.SCREENSHOTS === undefined ? ["demo", "--days", "0", "--still"] : ["demo", "--still"];

/** A process of `dispatch demo` or another command, with its own data and on a free port. */
export class Service {
  readonly #data = mkdtempSync(join(tmpdir(), "dispatch-e2e-"));
  readonly #command: readonly string[];
  #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #said = "";
  /** Its base address. */
  url = "";

  constructor(command: readonly string[] = DEMO, settings: Readonly<Record<string, string>> = {}) {
    this.#command = command;
    this.#settings = settings;
  }

  /** Starts it, optionally on a given port. `settings` apply to this start and later ones. */
  async start(port = "0", settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    const child = spawn(BINARY, this.#command, {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOST: "127.0.0.1",
        PORT: port,
        DISPATCH_DATA_DIR: this.#data,
        NO_COLOR: "1",
        DISPATCH_SHUTDOWN_DELAY_MS: "0",
        ...this.#settings,
      },
    });
    this.#process = child;
    this.#said = "";
    this.url = await new Promise((found, failed) => {
      const timer = setTimeout(
        () => failed(new Error(`no address after three minutes:\n${this.#said}`)),
        START_MS,
      );
      const listen = (chunk: Buffer) => {
        this.#said += chunk.toString();
        // The output may end in the middle of the port.
        const address = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(this.#said);
        if (!address) return;
        clearTimeout(timer);
        found(address[0]);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.once("exit", (code) => {
        clearTimeout(timer);
        failed(new Error(`ended with ${code ?? "a signal"}:\n${this.#said}`));
      });
      child.once("error", failed);
    });
  }

  /** Waits until the first sync has ended, because its end reloads every board. */
  async synced(): Promise<void> {
    for (;;) {
      const answer = await fetch(`${this.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: "{ repositories { lastSyncedAt } }" }),
      });
      const { data } = (await answer.json()) as {
        data: { repositories: { lastSyncedAt: string | null }[] };
      };
      if (data.repositories.every((repository) => repository.lastSyncedAt !== null)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Its output so far. */
  get said(): string {
    return this.#said;
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  /** Deletes its data. To be called after `stop`. */
  forget(): void {
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** Starts a service, passes it to the tests after its first sync, and stops it. */
export async function lend(
  service: Service,
  use: (service: Service) => Promise<void>,
): Promise<void> {
  await service.start();
  await service.synced();
  await use(service);
  await service.stop();
  service.forget();
}

import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { connect } from "node:net";

/** What a proxy does with a request before it passes it on. */
export type Rules = {
  /** The path that is removed from requests, such as `/dispatch`. Other addresses get a 404. */
  readonly strip?: string;
  /** Awaited before a request is forwarded. */
  readonly hold?: (path: string, body: string) => Promise<void> | undefined;
  /** A JSON body that is returned instead of the target's response. */
  readonly answer?: (path: string, body: string) => object | undefined;
};

/** A reverse proxy. Like nginx by default, it sends the `Host` of its target. */
export class Proxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #rules: Rules;

  constructor(target: string, rules: Rules) {
    this.#target = new URL(target);
    this.#rules = rules;
    this.#server = createServer((incoming, outgoing) => {
      const path = this.#pathOf(incoming);
      if (path === undefined) {
        outgoing.writeHead(404).end();
        return;
      }
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const own = rules.answer?.(path, body.toString());
        if (own !== undefined) {
          outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(own));
          return;
        }
        void Promise.resolve(rules.hold?.(path, body.toString())).then(() => {
          const { hostname, port, host } = this.#target;
          const { method } = incoming;
          const headers = { ...incoming.headers, host };
          const passed = request({ hostname, port, path, method, headers }, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
          });
          passed.on("error", () => outgoing.destroy());
          passed.end(body);
        });
      });
    });
    this.#server.on("upgrade", (incoming: IncomingMessage, socket) => {
      const path = this.#pathOf(incoming);
      if (path === undefined) {
        socket.destroy();
        return;
      }
      const { hostname, port, host } = this.#target;
      const passed = connect(Number(port), hostname, () => {
        const headers = Object.entries({ ...incoming.headers, host });
        const lines = headers.map(([name, value]) => `${name}: ${String(value)}`);
        passed.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
        passed.pipe(socket).pipe(passed);
      });
      passed.on("error", () => socket.destroy());
      socket.on("error", () => passed.destroy());
    });
  }

  /** Starts it; returns its address, without a path. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(port, "127.0.0.1", listening));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The path of a request on the target. */
  #pathOf({ url = "/" }: IncomingMessage): string | undefined {
    const { strip } = this.#rules;
    if (strip === undefined) return url;
    return url.startsWith(`${strip}/`) ? url.slice(strip.length) : undefined;
  }
}

/** A port that is not in use. */
export async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return String(address.port);
}

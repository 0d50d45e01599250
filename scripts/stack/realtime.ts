/**
 * A stand-in of Supabase Realtime for development: NOT the real server. It knows what an unmodified supabase-js client needs
 * to receive, on private channels, what realtime.send stored: docs/realtime.md says what that is, and what is missing.
 */

import type { JWTPayload } from "jose";
import type { KeyRole } from "./gateway.ts";
import { Connection } from "./realtime_connection.ts";
import type { Notation } from "./realtime_messages.ts";
import { RealtimeStore } from "./realtime_store.ts";
import type { Log } from "./tools.ts";

/** What the stand-in needs. */
export interface RealtimeOptions {
  /** Connects as postgres. */
  databaseUrl: string;
  /** The claims of a user's token; throws a Refusal for a bad one. */
  verify(token: string): Promise<JWTPayload>;
  log: Log;
}

/** How often stored messages are looked for while somebody listens. */
const pollMs = 100;
/** How often they are thrown away while nobody does; the real server keeps them for three days. */
const discardMs = 60_000;

/** Answers `/realtime/v1`. */
export class Realtime {
  readonly #options: RealtimeOptions;
  readonly #store: RealtimeStore;
  readonly #connections = new Set<Connection>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beating: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#store = new RealtimeStore(options.databaseUrl);
    this.#schedule();
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const connection of this.#connections) connection.close();
    await this.#beating;
    await this.#store.close();
  }

  /**
   * Opens a WebSocket.
   *
   * @param path path and query below `/realtime/v1`.
   * @param role what the API key stands for.
   */
  answer(request: Request, path: string, role: KeyRole): Response {
    const { pathname, searchParams } = new URL(path, "http://realtime");
    if (pathname !== "/websocket") return refuse(404, "Only /websocket is offered here");
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(426, "This is the address of a WebSocket");
    }
    const notation = searchParams.get("vsn") ?? "1.0.0";
    if (!isNotation(notation)) return refuse(400, `The vsn ${notation} is not spoken here`);
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.#welcome(socket, notation, role);
    return response;
  }

  #welcome(socket: WebSocket, notation: Notation, role: KeyRole): void {
    const { verify, log } = this.#options;
    const connection = new Connection(socket, {
      notation,
      keyClaims: { role },
      verify,
      mayReceive: (topic, claims) => this.#store.mayReceive(topic, claims),
      onJoin: () => this.#beginToListen(),
      log,
    });
    this.#connections.add(connection);
    socket.onclose = () => {
      connection.forget();
      this.#connections.delete(connection);
    };
    socket.onerror = (event) => {
      if (!this.#closed) log(`Realtime: a connection failed: ${(event as ErrorEvent).message}`);
    };
  }

  get #isListening(): boolean {
    return [...this.#connections].some(({ channels }) => channels > 0);
  }

  /** What was stored while nobody listened is not for who comes now. */
  async #beginToListen(): Promise<void> {
    if (this.#isListening) return;
    await this.#store.discard();
    this.#schedule(pollMs);
  }

  #schedule(delayMs = this.#isListening ? pollMs : discardMs): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#beating = this.#beat().finally(() => this.#schedule());
    }, delayMs);
  }

  async #beat(): Promise<void> {
    try {
      if (this.#isListening) await this.#deliver();
      else await this.#store.discard();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        this.#options.log(`Realtime cannot read its messages, and tries again: ${error}`);
      }
      this.#failing = true;
    }
  }

  async #deliver(): Promise<void> {
    for (const message of await this.#store.take()) {
      // Public channels are not offered.
      if (!message.private) continue;
      for (const connection of this.#connections) connection.deliver(message);
    }
  }
}

function isNotation(value: string): value is Notation {
  return value === "1.0.0" || value === "2.0.0";
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

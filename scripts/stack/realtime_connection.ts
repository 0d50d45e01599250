import type { JWTPayload } from "jose";
import { Refusal } from "./auth_messages.ts";
import {
  decode,
  encode,
  joinPayload,
  type Message,
  type Notation,
  reply,
  tokenPayload,
} from "./realtime_messages.ts";
import type { StoredMessage } from "./realtime_store.ts";
import type { Log } from "./tools.ts";

/** What a connection needs of the rest. */
export interface ConnectionOptions {
  notation: Notation;
  /** What the API key stands for, for a client that shows no token. */
  keyClaims: JWTPayload;
  /** The claims of a user's token; throws a {@linkcode Refusal} for a bad one. */
  verify(token: string): Promise<JWTPayload>;
  mayReceive(topic: string, claims: JWTPayload): Promise<boolean>;
  /** Called before a channel is joined. */
  onJoin(): Promise<void>;
  log: Log;
}

/** A channel that the client has joined. */
interface Channel {
  joinRef: string | null;
  /** Ends the channel with the token. */
  expiry?: ReturnType<typeof setTimeout>;
}

const prefix = "realtime:";
const longestTimerMs = 2 ** 31 - 1;
/** A client that reads slower than this is cut; the real server limits it, too. */
const bufferedBytes = 4 * 1024 * 1024;

/** One client's WebSocket with its channels. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  /** By the client's name for it, such as `realtime:topic:orders`. */
  readonly #channels = new Map<string, Channel>();
  /** Messages are answered one after the other, as they came. */
  #work: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.onmessage = ({ data }) => {
      this.#work = this.#work.then(() => this.#take(data)).catch((error) => {
        options.log(`Realtime failed on a message: ${error}`);
        socket.close(1011, "The stand-in of Supabase Realtime failed");
      });
    };
  }

  /** How many channels are joined. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Sends a stored message if its channel is joined here. */
  deliver({ id, topic, event, payload }: StoredMessage): void {
    if (!this.#channels.has(prefix + topic)) return;
    if (this.#socket.bufferedAmount > bufferedBytes) {
      return this.#socket.close(1008, "The client reads too slowly");
    }
    const broadcast = { type: "broadcast", event, payload, meta: { id } };
    this.#push(prefix + topic, null, "broadcast", broadcast);
  }

  /** Leaves every channel: the socket has closed. */
  forget(): void {
    for (const { expiry } of this.#channels.values()) clearTimeout(expiry);
    this.#channels.clear();
  }

  close(): void {
    this.#socket.close(1001, "The stack is stopping");
  }

  async #take(data: unknown): Promise<void> {
    if (typeof data !== "string") {
      return this.#options.log("Realtime: the stand-in takes no messages of clients' own");
    }
    const message = this.#decode(data);
    if (!message) return this.#socket.close(1003, "This is no message of a Phoenix channel");
    const { topic, event } = message;
    if (event === "heartbeat") return this.#send(reply(message, "ok", {}));
    if (event === "phx_join") return await this.#join(message);
    const channel = this.#channels.get(topic);
    // Of a join before the last.
    if (!channel || message.joinRef !== null && message.joinRef !== channel.joinRef) return;
    if (event === "access_token") return await this.#refresh(topic, channel, message.payload);
    if (event === "phx_leave") {
      this.#drop(topic);
      return this.#send(reply(message, "ok", {}));
    }
    const reason = `The stand-in of Supabase Realtime does not offer ${event}`;
    this.#options.log(`Realtime: ${reason}`);
    this.#send(reply(message, "error", { reason }));
  }

  #decode(data: string): Message | undefined {
    try {
      return decode(data, this.#options.notation);
    } catch (error) {
      this.#options.log(`Realtime: a frame that is no message: ${error}`);
    }
  }

  async #join(message: Message): Promise<void> {
    const { topic, joinRef } = message;
    this.#drop(topic);
    const claims = await this.#permit(message);
    if (typeof claims === "string") return this.#send(reply(message, "error", { reason: claims }));
    await this.#options.onJoin();
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const channel: Channel = { joinRef };
    this.#channels.set(topic, channel);
    this.#expire(topic, channel, claims);
    this.#send(reply(message, "ok", { postgres_changes: [] }));
  }

  /** The claims with which a client may join, or why it may not. */
  async #permit({ topic, payload }: Message): Promise<JWTPayload | string> {
    const join = joinPayload.safeParse(payload);
    if (!join.success || !topic.startsWith(prefix) || topic === prefix) {
      return "InvalidJoinPayload: This is no request to join a channel";
    }
    const { config, access_token: token } = join.data;
    if (config?.presence?.enabled || config?.postgres_changes?.length) {
      return "The stand-in of Supabase Realtime offers Broadcast only";
    }
    if (!config?.private) return "PrivateOnly: This project only allows private channels";
    return await this.#authorize(topic, token);
  }

  /** The claims of a token that may receive from the channel, or why it may not. */
  async #authorize(topic: string, token: string | null | undefined): Promise<JWTPayload | string> {
    const name = topic.slice(prefix.length);
    try {
      // API keys are no tokens; clients that have nobody signed in send theirs as one.
      const isUsers = typeof token === "string" && !token.startsWith("sb_");
      const claims = isUsers ? await this.#options.verify(token) : this.#options.keyClaims;
      if (await this.#options.mayReceive(name, claims)) return claims;
      return `Unauthorized: You do not have permissions to read from this Channel topic: ${name}`;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return `InvalidJWTToken: ${error.message}`;
    }
  }

  async #refresh(topic: string, channel: Channel, payload: unknown): Promise<void> {
    const refreshed = tokenPayload.safeParse(payload);
    const token = refreshed.data?.access_token;
    if (typeof token !== "string" || token.startsWith("sb_")) return;
    const claims = await this.#authorize(topic, token);
    if (typeof claims === "string") this.#end(topic, claims);
    else this.#expire(topic, channel, claims);
  }

  #expire(topic: string, channel: Channel, { exp }: JWTPayload): void {
    clearTimeout(channel.expiry);
    if (exp === undefined) return;
    const leftMs = Math.min(exp * 1000 - Date.now(), longestTimerMs);
    channel.expiry = setTimeout(() => this.#end(topic, "Token has expired"), leftMs);
  }

  /** Ends a channel from this side. */
  #end(topic: string, message: string): void {
    const joinRef = this.#drop(topic);
    const channel = topic.slice(prefix.length);
    const said = { extension: "system", status: "error", message, channel };
    this.#push(topic, joinRef, "system", said);
    this.#push(topic, joinRef, "phx_close", {});
  }

  #drop(topic: string): string | null {
    const channel = this.#channels.get(topic);
    clearTimeout(channel?.expiry);
    this.#channels.delete(topic);
    return channel?.joinRef ?? null;
  }

  #push(topic: string, joinRef: string | null, event: string, payload: unknown): void {
    this.#send({ topic, event, payload, ref: null, joinRef });
  }

  #send(message: Message): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encode(message, this.#options.notation));
  }
}

/**
 * One client's stream. It knows what the client has (the cursor), sends what comes after, once and in order, and says so
 * where it cannot: a gap is never passed over. It has no timer and asks nothing by itself: the poller feeds it.
 */

import type { Call } from "../_shared/database.ts";
import { describe, type Log } from "../_shared/log.ts";
import type { Count } from "../_shared/metrics.ts";
import { countDelivery } from "./delivery.ts";
import { ACCOUNT, type Cursor, formatCursor } from "./cursor.ts";
import {
  type AccountNews,
  type Notification,
  openStream,
  PAGE,
  readNews,
  type Rule,
  type Snapshot,
  type TopicNews,
} from "./feed.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { Throttle } from "./throttle.ts";

/** A comment is sent where nothing else was for so long, in milliseconds: proxies end what is silent. */
export const HEARTBEAT_MS = 15_000;

/** Who is further behind than so many events is given a snapshot instead. */
const MAX_BACKLOG = 1000;

/** Who listens, as the token says. */
export interface Listener {
  userId: string;
  role: string | null;
}

export interface StreamOptions {
  listener: Listener;
  /** `account` and names of topics. */
  topics: string[];
  /** Where the client was; null for one that just arrives. */
  resume: Cursor | null;
  /** When the client is asked to come again, in milliseconds since 1970, and why. */
  rotateAt: number;
  rotateReason: "worker" | "token";
  call: Call;
  log: Log;
  count: Count;
}

export type EndReason = "left" | "slow" | "rotated" | "closed" | "failed";

/** A topic, as this stream has it. */
interface Channel {
  /** The newest notification that was read; they are read without a gap. */
  seen: number;
  /** The newest that the client has, which is the cursor: one that waits is behind `seen`. */
  delivered: number;
  rule: string;
  throttle: Throttle;
}

/** Whether a listener may hear a topic: the rule that the policies of the database have, too. */
export function mayListen(rule: Rule, { userId, role }: Listener): boolean {
  switch (rule.audience) {
    case "authenticated":
      return true;
    case "owner":
      return rule.owner_id === userId;
    case "role":
      return role !== null && rule.role === role;
  }
}

/** The JSON of an event, made once for all the streams that send it. */
const texts = new WeakMap<object, string>();
function textOf(value: object): string {
  let text = texts.get(value);
  if (text === undefined) texts.set(value, text = JSON.stringify(value));
  return text;
}

export class Stream {
  readonly userId: string;
  /** Resolves when nothing of it is left: the reader has all that was sent, or has left, or was cut. */
  readonly ended: Promise<EndReason>;
  #endReason: EndReason | null = null;
  readonly #options: StreamOptions;
  readonly #outbox: Outbox;
  readonly #withAccount: boolean;
  readonly #channels = new Map<string, Channel>();
  #isCatchingUp = false;
  #epoch = 0;
  #version = 0;
  #sentAt = Date.now();
  /** What it has to read before it can hear anything again. */
  #needs: "snapshot" | "preferences" | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.userId = options.listener.userId;
    this.#withAccount = options.topics.includes(ACCOUNT);
    this.#outbox = createOutbox(() => this.#finish("left"));
    this.ended = this.#outbox.closed.then(() => this.#endReason ?? "left");
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#outbox.readable;
  }

  get isOpen(): boolean {
    return this.#endReason === null;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether it hears nothing, until it has caught up by itself: there was a gap, or the user wants something else. */
  get isApart(): boolean {
    return this.#needs !== null;
  }

  /** The account's version up to which this stream has read. */
  get version(): number {
    return this.#version;
  }

  /** The ids up to which this stream has read its topics. */
  *seen(): Iterable<[string, number]> {
    for (const [name, { seen }] of this.#channels) yield [name, seen];
  }

  /** Says hello, with the client's own cursor. What came after it is read by {@link catchUp}. */
  begin(snapshot: Snapshot): void {
    const { resume } = this.#options;
    let isStale = false;
    const start = (name: string, at: number): number => {
      const had = resume?.parts.get(name);
      if (had === undefined) return at;
      // A cursor of another epoch, ahead of the database, or too far behind it, cannot be gone on from.
      isStale ||= resume?.epoch !== snapshot.epoch || had > at ||
        at - had > MAX_BACKLOG;
      return had;
    };
    // Without the account in its topics, a stream still has to hear of the user's preferences.
    this.#version = this.#withAccount ? start(ACCOUNT, snapshot.version) : snapshot.version;
    for (
      const [name, { version, rule, preferences }] of Object.entries(
        snapshot.topics,
      )
    ) {
      const at = start(name, version);
      this.#channels.set(name, {
        seen: at,
        delivered: at,
        rule: JSON.stringify(rule),
        throttle: new Throttle(preferences),
      });
    }
    // Until it is told to begin anew, the client is where it was: also when it is cut before that.
    this.#epoch = isStale && resume ? resume.epoch : snapshot.epoch;
    if (isStale) this.lose();

    const isNew = (name: string) => resume?.parts.has(name) !== true;
    const hello = this.#describe(snapshot, this.#options.topics, isNew);
    // Not all at once, when a worker ends that many listened to.
    const retry = `retry: ${500 + Math.floor(Math.random() * 1000)}\n`;
    this.#send("hello", hello, retry);
  }

  /** Reads all that came after the cursor, page by page, as the client reads. To be called while the poller does not. */
  async catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    let isMore = true;
    while (isMore && this.isOpen) {
      await this.#outbox.room();
      if (this.#needs === "snapshot") await this.#beginAnew();
      else if (this.#needs === "preferences") await this.#readPreferences();
      const asked = new Map(this.seen());
      const news = await readNews(
        this.#options.call,
        new Map([[this.userId, this.#version]]),
        asked,
      );
      if (news.epoch !== this.#epoch) this.lose();
      for (const { user_id, version, events } of news.accounts) {
        await this.#inPieces(
          events,
          (events) => this.hearAccount({ user_id, version, events }),
        );
      }
      for (const topic of news.topics) {
        await this.#inPieces(
          topic.notifications,
          (notifications) =>
            this.hearTopic(
              { ...topic, notifications },
              asked.get(topic.name) ?? 0,
            ),
        );
      }
      isMore = this.isApart || news.accounts.some(({ events }) => events.length === PAGE) ||
        news.topics.some(({ notifications, version }) =>
          (notifications.at(-1)?.id ?? version) < version
        );
    }
    this.#isCatchingUp = false;
  }

  /** Hands on one by one, as there is room. */
  async #inPieces<T>(items: T[], hear: (items: T[]) => void): Promise<void> {
    if (items.length === 0) hear([]);
    for (const item of items) {
      await this.#outbox.room();
      hear([item]);
    }
  }

  /**
   * Takes what is new of the account; what it has already is passed over. News without an event say that the account went
   * back, as after a restore.
   */
  hearAccount({ events }: AccountNews): void {
    if (events.length === 0) return this.lose();
    for (const event of events) {
      if (!this.isOpen || this.isApart) return;
      if (event.version <= this.#version) continue;
      if (event.version !== this.#version + 1) return this.lose();
      this.#version = event.version;
      if (this.#withAccount) {
        this.#send("account", event);
        this.#countDelivery("account", event.created_at);
      }
      if (event.type === "account.closed") return this.close();
      if (event.reason === "notification_preferences") {
        this.#needs = "preferences";
      }
    }
  }

  /** Takes what is new of a topic since the id that was asked with. */
  hearTopic(
    { name, version, rule, notifications }: TopicNews,
    asked: number,
  ): void {
    const channel = this.#channels.get(name);
    if (!channel || !this.isOpen || this.isApart) return;
    if (!this.#obey(name, rule)) return;
    if (notifications.length === 0 && version !== asked) return this.lose(); // all trimmed, or gone back
    for (const notification of notifications) {
      if (notification.id <= channel.seen) continue;
      if (notification.id !== channel.seen + 1) return this.lose(); // trimmed meanwhile
      channel.seen = notification.id;
      const now = channel.throttle.pass(notification);
      if (now) {
        this.#sendNotification(channel, now, now.created_at);
      } else if (!channel.throttle.isWaiting) {
        channel.delivered = channel.seen;
      }
    }
  }

  /** Says that there is a gap: what the client has missed cannot be told any more. */
  lose(): void {
    this.#needs = "snapshot";
  }

  /** Tells that a topic cannot be heard any more: it is gone, or its rule has changed. */
  revoke(name: string, reason: "forbidden" | "gone"): void {
    if (!this.#channels.delete(name)) return;
    this.#send("revoked", { topic: name, reason });
    if (this.#channels.size === 0 && !this.#withAccount) this.close();
  }

  /** What time brings: a notification that has waited, a heartbeat, the end. Called by the poller, again and again. */
  tick(now: number): void {
    if (this.#outbox.isStalled(now)) {
      this.#finish("slow");
      this.#outbox.cut();
    }
    if (!this.isOpen) return;
    for (const channel of this.#channels.values()) {
      const due = channel.throttle.take(now);
      if (due) this.#sendNotification(channel, due, null);
    }
    if (now >= this.#options.rotateAt) {
      this.#send("rotate", { reason: this.#options.rotateReason });
      this.#finish("rotated");
      this.#outbox.close();
    } else if (now - this.#sentAt >= HEARTBEAT_MS) {
      this.#write(": heartbeat\n\n");
    }
  }

  /** Tells the client to take a snapshot instead. */
  async #beginAnew(): Promise<void> {
    const names = [...this.#channels.keys()];
    const snapshot = await openStream(
      this.#options.call,
      this.userId,
      names,
      true,
    );
    if (!this.isOpen) return;
    // The rule may have changed meanwhile, too: before anything of the topic is told.
    for (const [name, { rule }] of Object.entries(snapshot.topics)) {
      this.#obey(name, rule);
    }
    if (!this.isOpen) return;
    this.#needs = null;
    this.#epoch = snapshot.epoch;
    this.#version = snapshot.version;
    for (const [name, channel] of this.#channels) {
      const topic = snapshot.topics[name];
      if (!topic) continue;
      channel.seen = channel.delivered = topic.version;
      channel.throttle = new Throttle(topic.preferences);
    }
    const left = [...this.#channels.keys()];
    const all = this.#withAccount ? [ACCOUNT, ...left] : left;
    this.#send("reset", this.#describe(snapshot, all, () => true));
  }

  /** Goes by the rule of a topic. Answers whether the listener may hear it. */
  #obey(name: string, rule: Rule): boolean {
    const channel = this.#channels.get(name);
    if (!channel) return false;
    const text = JSON.stringify(rule);
    if (text === channel.rule) return true;
    channel.rule = text;
    const may = mayListen(rule, this.#options.listener);
    if (!may) this.revoke(name, "forbidden");
    return may;
  }

  /** The client has left. */
  leave(): void {
    this.#finish("left");
    this.#outbox.drop();
  }

  /** Ends the stream in good order. */
  close(): void {
    this.#finish("closed");
    this.#outbox.close();
  }

  async #readPreferences(): Promise<void> {
    const { topics } = await openStream(
      this.#options.call,
      this.userId,
      [...this.#channels.keys()],
      false,
    );
    this.#needs = null;
    for (const [name, { preferences }] of Object.entries(topics)) {
      this.#channels.get(name)?.throttle.prefer(preferences);
    }
  }

  /** Ends the stream, since something went wrong. The client comes again, from its cursor: nothing is lost by it. */
  fail(error: unknown): void {
    this.#options.log("error", "A stream failed", {
      user_id: this.userId,
      ...describe(error),
    });
    this.#finish("failed");
    this.#outbox.cut();
  }

  /** Of a snapshot, the parts that are named, with the newest notifications of those that are asked for. */
  #describe(
    snapshot: Snapshot,
    names: string[],
    withNewest: (name: string) => boolean,
  ) {
    const { epoch, credits, version, last_generate_at } = snapshot;
    const topics = names.filter((name) => name !== ACCOUNT && name in snapshot.topics);
    return {
      epoch,
      ...(names.includes(ACCOUNT) ? { account: { credits, version, last_generate_at } } : {}),
      topics: Object.fromEntries(topics.map((name) => {
        const topic = snapshot.topics[name];
        const newest = topic && withNewest(name) && !topic.preferences.muted ? topic.newest : [];
        return [name, { version: topic?.version, newest }];
      })),
    };
  }

  #cursor(): string {
    const parts = new Map<string, number>();
    if (this.#withAccount) parts.set(ACCOUNT, this.#version);
    for (const [name, { delivered }] of this.#channels) {
      parts.set(name, delivered);
    }
    return formatCursor({ epoch: this.#epoch, parts });
  }

  /** @param since Whence its way is timed; null where the user's preferences have held it back. */
  #sendNotification(
    channel: Channel,
    notification: Notification,
    since: string | null,
  ): void {
    channel.delivered = notification.id;
    this.#send("notification", notification);
    this.#countDelivery("notification", since);
  }

  #countDelivery(kind: string, since: string | null): void {
    countDelivery(this.#options.count, kind, this.#isCatchingUp ? null : since);
  }

  #send(event: string, data: object, before = ""): void {
    this.#write(
      `${before}id: ${this.#cursor()}\nevent: ${event}\ndata: ${textOf(data)}\n\n`,
    );
  }

  #write(text: string): void {
    if (!this.isOpen) return;
    if (this.#outbox.send(text)) {
      this.#sentAt = Date.now();
      return;
    }
    this.#finish("slow");
    this.#outbox.cut();
  }

  #finish(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#options.count("edge_credits_streams_ended", { reason });
  }
}

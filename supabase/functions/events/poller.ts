/**
 * One question to the database for all the streams of a worker, a few times a second while there is a stream. It is never
 * one query per stream, and never LISTEN, whose NOTIFY would serialise the writers' commits.
 */

import type { Call } from "../_shared/database.ts";
import { describe, type Log } from "../_shared/log.ts";
import type { Count } from "../_shared/metrics.ts";
import { type News, readNews } from "./feed.ts";
import type { Stream } from "./stream.ts";

/** Between the beginnings of two questions, in milliseconds. */
const POLL_MS = 200;
/** After a question that failed, in milliseconds. The streams stay: their cursors know what to ask for next. */
const RETRY_MS = 1000;
/** How often the streams are told the time, in milliseconds. */
const TICK_MS = 500;

/** An account or a topic that streams listen to, and how far it has been read for them. */
interface Source {
  at: number;
  streams: Set<Stream>;
}

export interface PollerOptions {
  call: Call;
  log: Log;
  count: Count;
}

export class Poller {
  readonly #options: PollerOptions;
  /** All that have not ended, those among them that catch up by themselves. */
  readonly #streams = new Set<Stream>();
  readonly #accounts = new Map<string, Source>();
  readonly #topics = new Map<string, Source>();
  #ticking: ReturnType<typeof setInterval> | null = null;
  #waiting: ReturnType<typeof setTimeout> | null = null;
  #isPolling = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** How many streams, accounts and topics it knows. */
  get size(): number {
    return this.#streams.size + this.#accounts.size + this.#topics.size;
  }

  /** Brings a stream up to date, and feeds it from then on, until it has ended. */
  async attach(stream: Stream): Promise<void> {
    this.#streams.add(stream);
    this.#ticking ??= setInterval(() => {
      const now = Date.now();
      for (const stream of this.#streams) stream.tick(now);
    }, TICK_MS);
    try {
      do await stream.catchUp(); while (stream.isOpen && !this.#join(stream));
    } catch (error) {
      stream.fail(error);
    }
  }

  /** Forgets a stream that has ended; with the last one, the poller rests. */
  detach(stream: Stream): void {
    this.#streams.delete(stream);
    this.#leave(stream);
    if (this.#streams.size > 0) return;
    if (this.#ticking !== null) clearInterval(this.#ticking);
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    this.#ticking = this.#waiting = null;
  }

  /**
   * Takes a stream, unless it is behind what has been read here already: then it has to catch up first. Nothing happens
   * between the check and the taking, so no event falls in between.
   */
  #join(stream: Stream): boolean {
    if (
      stream.isApart ||
      isBehind(this.#accounts.get(stream.userId), stream.version)
    ) return false;
    const topics = [...stream.seen()];
    if (topics.some(([name, at]) => isBehind(this.#topics.get(name), at))) {
      return false;
    }

    add(this.#accounts, stream.userId, stream.version, stream);
    for (const [name, at] of topics) add(this.#topics, name, at, stream);
    if (!this.#isPolling && this.#waiting === null) this.#pollIn(POLL_MS);
    return true;
  }

  #leave(stream: Stream): void {
    remove(this.#accounts, stream.userId, stream);
    for (const name of this.#topics.keys()) remove(this.#topics, name, stream);
  }

  #pollIn(ms: number): void {
    this.#waiting = setTimeout(() => {
      this.#waiting = null;
      void this.#poll();
    }, ms);
  }

  async #poll(): Promise<void> {
    const { call, log, count } = this.#options;
    this.#isPolling = true;
    const startedAt = performance.now();
    let pause = POLL_MS;
    try {
      count("edge_credits_poller_queries");
      const accounts = positionsOf(this.#accounts);
      const topics = positionsOf(this.#topics);
      const news = await readNews(call, accounts, topics);
      if (this.#hear(news, accounts, topics)) pause = 0;
    } catch (error) {
      pause = RETRY_MS;
      log(
        "error",
        "The poll of events failed, and is tried again",
        describe(error),
      );
    }
    this.#isPolling = false;
    if (this.#streams.size > 0) {
      this.#pollIn(Math.max(0, pause - (performance.now() - startedAt)));
    }
  }

  /**
   * Hands the news on. A source that is not where it was asked for was made anew meanwhile: these news are not for it.
   * Answers whether there is more at once.
   */
  #hear(
    news: News,
    accounts: ReadonlyMap<string, number>,
    topics: ReadonlyMap<string, number>,
  ): boolean {
    let isMore = false;
    for (const stream of this.#joined()) {
      if (stream.epoch !== news.epoch) stream.lose();
    }
    for (const account of news.accounts) {
      const source = this.#accounts.get(account.user_id);
      if (!source || source.at !== accounts.get(account.user_id)) continue;
      source.at = account.events.at(-1)?.version ?? account.version;
      isMore ||= source.at < account.version;
      for (const stream of source.streams) stream.hearAccount(account);
    }
    const told = new Map(news.topics.map((topic) => [topic.name, topic]));
    for (const [name, at] of topics) {
      const source = this.#topics.get(name);
      if (!source || source.at !== at) continue;
      const topic = told.get(name);
      if (!topic) {
        for (const stream of source.streams) stream.revoke(name, "gone");
        this.#topics.delete(name);
        continue;
      }
      source.at = topic.notifications.at(-1)?.id ?? topic.version;
      isMore ||= source.at < topic.version;
      for (const stream of source.streams) stream.hearTopic(topic, at);
    }
    for (const stream of this.#joined()) {
      if (!stream.isApart) continue;
      this.#leave(stream);
      void this.attach(stream);
    }
    return isMore;
  }

  /** The streams that are fed from here. */
  *#joined(): Iterable<Stream> {
    for (const { streams } of [...this.#accounts.values()]) yield* [...streams];
  }
}

function isBehind(source: Source | undefined, at: number): boolean {
  return source !== undefined && source.at > at;
}

function add(
  sources: Map<string, Source>,
  name: string,
  at: number,
  stream: Stream,
): void {
  const source = sources.get(name);
  if (source) source.streams.add(stream);
  else sources.set(name, { at, streams: new Set([stream]) });
}

function remove(
  sources: Map<string, Source>,
  name: string,
  stream: Stream,
): void {
  const source = sources.get(name);
  if (source?.streams.delete(stream) && source.streams.size === 0) {
    sources.delete(name);
  }
}

function positionsOf(
  sources: Map<string, Source>,
): ReadonlyMap<string, number> {
  return new Map([...sources].map(([name, { at }]) => [name, at]));
}

import type { Log } from "./tools.ts";

/** A process that has been started and answers. */
export interface Running {
  readonly pid: number;
  /** Fulfilled when the process has ended, however it did. */
  readonly ended: Promise<unknown>;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
}

/** What is kept running. */
export interface SupervisedOptions<P extends Running> {
  /** For messages, such as `PostgREST`. */
  name: string;
  /** Starts the process and waits until it answers; rejects, with nothing left running, when the signal is aborted. */
  spawn(signal: AbortSignal): Promise<P>;
  log: Log;
  /** Called when the process has been lost, and when there is a new one. */
  onChange?(): void;
}

const shortLifeMs = 1_000;
const maximumPauseMs = 5_000;

/** Keeps one process running: starts it again at once when it ends, with growing pauses when it does not stay alive. */
export class Supervised<P extends Running> {
  /** The process, while there is one. */
  current: P | undefined;
  readonly #options: SupervisedOptions<P>;
  readonly #stopping = new AbortController();
  #watching: Promise<void> | undefined;

  /** Starts the process for the first time; throws what `spawn` throws. */
  static async start<P extends Running>(options: SupervisedOptions<P>): Promise<Supervised<P>> {
    const supervised = new Supervised(options);
    supervised.current = await options.spawn(supervised.#stopping.signal);
    supervised.#watching = supervised.#watch();
    return supervised;
  }

  private constructor(options: SupervisedOptions<P>) {
    this.#options = options;
  }

  /** Ends the process for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.current?.stop();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { name, log, onChange } = this.#options;
    let pauseMs = 0;
    while (this.current) {
      const startedAt = performance.now();
      await this.current.ended;
      if (this.#stopping.signal.aborted) return;
      log(`${name} (process ${this.current.pid}) ended; starting it again`);
      this.current = undefined;
      onChange?.();
      const shortLived = performance.now() - startedAt < shortLifeMs;
      pauseMs = shortLived ? Math.min(pauseMs * 2 || 250, maximumPauseMs) : 0;
      this.current = await this.#spawnAgain(pauseMs);
      onChange?.();
      if (this.#stopping.signal.aborted) await this.current?.stop();
    }
  }

  /** Tries until it succeeds; undefined when it is to stop. */
  async #spawnAgain(pauseMs: number): Promise<P | undefined> {
    const { signal } = this.#stopping;
    for (let pause = pauseMs;; pause = Math.min(pause * 2 || 250, maximumPauseMs)) {
      await pauseUnless(signal, pause);
      if (signal.aborted) return undefined;
      try {
        return await this.#options.spawn(signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        const reason = error instanceof Error ? error.message : error;
        this.#options.log(`${this.#options.name} could not be started again: ${reason}`);
      }
    }
  }
}

function pauseUnless(signal: AbortSignal, milliseconds: number): Promise<void> {
  if (milliseconds === 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
  });
}

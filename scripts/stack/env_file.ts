import { remove, writePrivately } from "./files.ts";

/** The stack's `env` file: where everything is, for programs and people. Later writes wait for earlier ones. */
export class EnvFile {
  #last = Promise.resolve();

  constructor(readonly path: string) {}

  /** Replaces the file as a whole, so that no reader sees half of it. */
  write(values: Record<string, string>): Promise<void> {
    const text = Object.entries(values).map(([name, value]) => `${name}=${value}\n`).join("");
    return this.#enqueue(() => writePrivately(this.path, text));
  }

  remove(): Promise<void> {
    return this.#enqueue(() => remove(this.path));
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    // Whoever asked for the work before has been told if it failed.
    this.#last = this.#last.catch(() => {}).then(work);
    return this.#last;
  }
}

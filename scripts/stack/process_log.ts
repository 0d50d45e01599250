/** A log file that several processes share, line by line. */
export class ProcessLog {
  readonly #file: Deno.FsFile;

  constructor(readonly path: string) {
    this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  }

  /** Appends a line of our own. */
  line(text: string): void {
    const bytes = new TextEncoder().encode(text + "\n");
    for (let written = 0; written < bytes.length;) {
      written += this.#file.writeSync(bytes.subarray(written));
    }
  }

  /**
   * Copies `stream` into the log until it ends, and returns its last lines, for an error message.
   *
   * @param onLine sees each line first; lines for which it returns true are left out.
   */
  async copy(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    onLine: (line: string) => boolean = () => false,
  ): Promise<string[]> {
    let last: string[] = [];
    const take = (lines: string[]) => {
      const kept = lines.filter((line) => !onLine(line));
      if (kept.length > 0) this.line(kept.join("\n"));
      last = [...last, ...kept].slice(-20);
    };
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      take(lines);
    }
    if (rest !== "") take([rest]);
    return last;
  }

  close(): void {
    this.#file.close();
  }
}

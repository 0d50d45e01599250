/** The real `supabase` CLI, as deploy, verify and schema call it. */

import { repositoryRoot } from "../stack/files.ts";
import { type Log, supabaseCommand } from "../stack/tools.ts";

export interface CliOptions {
  /** A file for `--profile`: whose management API is called. Null: Supabase's. */
  profile: string | null;
  /** Of the database that is named by a connection string without it. */
  password?: string | null;
  /** Takes each command line before it is run. Nothing is shown when left out. */
  print?: Log;
}

/** What a command said on stdout, and whether it ended well. */
export interface CliAnswer {
  success: boolean;
  stdout: string;
  /** Both outputs together, for people. */
  said: string;
}

/** Runs commands of the CLI on this repository, with our own environment: its token, its proxies, its home. */
export class Cli {
  readonly #program: string;
  readonly #options: CliOptions;

  private constructor(program: string, options: CliOptions) {
    this.#program = program;
    this.#options = options;
  }

  /** Installs the CLI when it is not there yet. */
  static async open(options: CliOptions): Promise<Cli> {
    return new Cli(await supabaseCommand(options.print ?? (() => {})), options);
  }

  /** Prints the command line and runs it, its output on ours. Answers whether it ended well. */
  async show(args: string[], workdir = repositoryRoot): Promise<boolean> {
    this.#announce(args);
    const command = this.#command(args, workdir, "inherit");
    return (await command.spawn().status).success;
  }

  /** As {@linkcode ask}, with the command line printed first. */
  async askAloud(args: string[], workdir = repositoryRoot): Promise<CliAnswer> {
    this.#announce(args);
    return await this.ask(args, workdir);
  }

  /** Runs the command and answers what it said. */
  async ask(args: string[], workdir = repositoryRoot): Promise<CliAnswer> {
    const { success, stdout, stderr } = await this.#command(args, workdir, "piped").output();
    const decoder = new TextDecoder();
    const out = decoder.decode(stdout);
    return { success, stdout: out, said: (out + decoder.decode(stderr)).trim() };
  }

  /**
   * The rows of one read-only query. A project is asked through the management API, which needs no database password.
   *
   * @throws {Error} with what the CLI said.
   */
  async query<Row>(remote: string, sql: string): Promise<Row[]> {
    const answer = await this.ask([
      ...["db", "query", "--read-only", `--remote=${remote}`, "--output-format=json"],
      ...["--agent=no", sql],
    ]);
    if (!answer.success) throw new Error(answer.said);
    return JSON.parse(answer.stdout);
  }

  #announce(args: string[]): void {
    this.#options.print?.(`$ ${commandLine(["supabase", ...args, ...this.#profile()])}`);
  }

  #profile(): string[] {
    const { profile } = this.#options;
    return profile === null ? [] : [`--profile=${profile}`];
  }

  #command(args: string[], workdir: string, output: "inherit" | "piped"): Deno.Command {
    const { password } = this.#options;
    return new Deno.Command(this.#program, {
      args: [...args, ...this.#profile()],
      cwd: workdir,
      env: {
        SUPABASE_NO_UPDATE_NOTIFIER: "1",
        SUPABASE_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        ...(password ? { PGPASSWORD: password } : {}),
      },
      // What it would ask has been asked before.
      stdin: "null",
      stdout: output,
      stderr: output,
    });
  }
}

/** The command as a person would type it. No word of ours holds a password: {@linkcode CliOptions.password}. */
export function commandLine(words: string[]): string {
  return words.join(" ");
}

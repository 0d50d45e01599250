import { join } from "node:path";
import postgres from "postgres";
import { createCron, cronSettings, findCron, preloadCron } from "./cron.ts";
import { StackError } from "./errors.ts";
import { exists, readIfExists, remove } from "./files.ts";
import type { LoginRole, Secrets } from "./keys.ts";
import type { Place } from "./place.ts";
import { freePort, run, runOrFail } from "./process.ts";
import type { Log } from "./tools.ts";

/** How a server is told to stop: see `pg_ctl stop --mode`. `immediate` is a crash. */
export type StopMode = "smart" | "fast" | "immediate";

/** A database server with what the platform gives a database. */
export interface Postgres {
  /** Such as `17.10`. */
  readonly version: string;
  /** Its folder: data, log. */
  readonly folder: string;
  readonly port: number;
  /** Whether pg_cron runs in it. */
  readonly hasCron: boolean;
  /** The connection string of a role. */
  url(role: LoginRole): string;
  /** Starts it again, on the same port, after {@linkcode stop}; waits until it answers. */
  start(): Promise<void>;
  /** Stops it, if it runs, and waits for the end. */
  stop(mode?: StopMode): Promise<void>;
}

const startTimeoutSeconds = "60";

/** Starts the server of `place`, with a new database if there is none yet. */
export async function startPostgres(place: Place, secrets: Secrets, log: Log): Promise<Postgres> {
  const server = new Server(place, secrets);
  await server.stop();
  await server.create(log);
  try {
    await server.startOnFreePort();
    await server.bootstrap();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class Server implements Postgres {
  version = "";
  port = 0;
  hasCron = false;
  readonly folder: string;
  readonly #data: string;
  readonly #logFile: string;

  constructor(readonly place: Place, readonly secrets: Secrets) {
    this.folder = place.folder;
    this.#data = join(place.folder, "data");
    this.#logFile = join(place.folder, "postgres.log");
  }

  url(role: LoginRole): string {
    const password = this.secrets.databasePasswords[role];
    return `postgresql://${role}:${password}@127.0.0.1:${this.port}/postgres`;
  }

  async create(log: Log): Promise<void> {
    const answer = await this.#run("postgres", ["--version"]);
    this.version = answer.match(/\d+(\.\d+)?/)?.[0] ?? answer;
    if (await exists(this.#data)) return await this.#checkVersion();
    log(`creating a Postgres ${this.version} database in ${this.folder}`);
    const unfinished = join(this.folder, "unfinished");
    const passwordFile = join(this.folder, "password");
    await remove(unfinished);
    try {
      const password = this.secrets.databasePasswords.supabase_admin;
      await Deno.writeTextFile(passwordFile, password, { mode: 0o600 });
      const { account } = this.place;
      if (account) await Deno.chown(passwordFile, account.uid, account.gid);
      await this.#run("initdb", [
        `--pgdata=${unfinished}`,
        "--username=supabase_admin",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // In every glibc since 2.35 and in all of Debian; needs no ICU, which not every build has.
        "--locale=C.UTF-8",
      ]);
    } finally {
      await remove(passwordFile);
    }
    await Deno.writeTextFile(join(unfinished, "postgresql.conf"), settings, { append: true });
    await Deno.rename(unfinished, this.#data);
  }

  async #checkVersion(): Promise<void> {
    const made = (await Deno.readTextFile(join(this.#data, "PG_VERSION"))).trim();
    if (made === this.version.split(".")[0]) return;
    throw new StackError(
      `The data in ${this.folder} are of Postgres ${made}, and this is ${this.version}. Choose the version with --postgres, or other data with --data.`,
    );
  }

  async startOnFreePort(): Promise<void> {
    for (let attempt = 1;; attempt++) {
      this.port = freePort();
      try {
        return await this.start();
      } catch (error) {
        // Another program may take the port between our look and the server's bind.
        const taken = String(error).includes("Address already in use");
        if (!taken || attempt === 3) throw error;
      }
    }
  }

  async start(): Promise<void> {
    const { code, output } = await run(join(this.place.programs, "pg_ctl"), {
      args: [
        "start",
        `--pgdata=${this.#data}`,
        `--log=${this.#logFile}`,
        `--timeout=${startTimeoutSeconds}`,
        "--wait",
        `--options=-p ${this.port}`,
      ],
      account: this.place.account,
    });
    if (code === 0) return;
    const lines = (await readIfExists(this.#logFile) ?? "").trimEnd().split("\n");
    throw new StackError(
      `Postgres did not start: ${output}\nThe end of ${this.#logFile}:\n${
        lines.slice(-15).join("\n")
      }`,
    );
  }

  async stop(mode: StopMode = "fast"): Promise<void> {
    const pidFile = join(this.#data, "postmaster.pid");
    const pid = (await readIfExists(pidFile))?.split("\n")[0];
    if (!pid) return;
    // A killed server whose parent, such as the first process of a container, does not collect it looks alive to pg_ctl.
    if (await isZombie(pid)) return await remove(pidFile);
    const pgdata = `--pgdata=${this.#data}`;
    const { account } = this.place;
    const program = join(this.place.programs, "pg_ctl");
    const status = await run(program, { args: ["status", pgdata], account });
    if (status.code !== 0) return;
    await this.#run("pg_ctl", ["stop", pgdata, `--mode=${mode}`, "--wait", "--timeout=60"]);
  }

  async bootstrap(): Promise<void> {
    const script = await Deno.readTextFile(new URL("bootstrap.sql", import.meta.url));
    const passwords = Object.entries(this.secrets.databasePasswords).map(([role, password]) =>
      `alter role ${role} password '${password}';`
    );
    await this.#asSuperuser((sql) => sql.unsafe(script + passwords.join("\n")));
    const cron = await this.#asSuperuser(findCron);
    if (cron === "installed") {
      await this.#asSuperuser((sql) => sql.unsafe(preloadCron));
      await this.stop();
      await this.start();
    }
    this.hasCron = cron !== "missing";
    if (this.hasCron) await this.#asSuperuser((sql) => sql.unsafe(createCron));
  }

  async #asSuperuser<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
    const sql = postgres(this.url("supabase_admin"), { max: 1, onnotice: () => {} });
    try {
      return await work(sql);
    } finally {
      await sql.end();
    }
  }

  async #run(program: string, args: string[]): Promise<string> {
    const { programs, account } = this.place;
    return await runOrFail(program, join(programs, program), { args, account });
  }
}

async function isZombie(pid: string): Promise<boolean> {
  const state = await readIfExists(`/proc/${pid}/stat`);
  return state !== undefined && /\) Z /.test(state);
}

/** Only what differs from the server's own defaults; the rest of the file is initdb's. */
const settings = `
# The local stack of edge-credits
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u '
${cronSettings}`;

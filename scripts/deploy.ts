/**
 * Deploys this checkout to a Supabase project, in an order in which every moment between works: what can be known before
 * is asked first, the database goes before the functions that need it, and what is there in the end is verified.
 *
 *     deno task deploy --remote=REF [--yes] [--url=URL] [--swept-elsewhere] [--own-policies] [--profile=FILE]
 *     deno task deploy --remote=REF --back-to=COMMIT
 *
 * SUPABASE_DB_URL is the connection string of the project's pooler, for networks without IPv6 (most CI); `--database` the
 * same for one without a password. With SUPABASE_SECRET_KEY the health of the ledger is asked for in the end. `--back-to`
 * deploys the functions of an earlier commit and leaves the database as it is.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cli, commandLine } from "./deploy/cli.ts";
import { edgeFunctions, neededSecrets } from "./deploy/expected.ts";
import { listCommand, readListed, whatIsWrong } from "./deploy/listed_functions.ts";
import { DATABASE_VARIABLE, readTarget, type Target } from "./deploy/target.ts";
import { StackError } from "./stack/errors.ts";
import { repositoryRoot } from "./stack/files.ts";
import { runOrFail } from "./stack/process.ts";
import { report, verify } from "./verify.ts";

const USAGE = `Usage: deno task deploy --remote=REF [--yes] [--back-to=COMMIT] [--url=URL]
       [--swept-elsewhere] [--own-policies] [--profile=FILE]
  ${DATABASE_VARIABLE}=postgresql://…     the pooler, without IPv6; or --database=… where it has no password
  SUPABASE_SECRET_KEY=sb_secret_…   asks the functions in the end whether the ledger adds up`;

interface Options {
  /** The project's ref. */
  ref: string;
  /** Where the migrations go. */
  target: Target;
  /** Whether what is about to be done has been agreed to. */
  yes: boolean;
  /** Null: this checkout. */
  backTo: string | null;
  profile: string | null;
  url: string;
  secretKey: string | null;
  sweptElsewhere: boolean;
  ownPolicies: boolean;
}

/** One step, as it is listed when a later or an earlier one fails. */
interface Step {
  what: string;
  /** Answers null, or why it failed. */
  run: () => Promise<string | null>;
  /** Whether something was changed by it, though it may have failed half-way. */
  changes: boolean;
  /** How to go on, or back, when it failed. */
  recovery: string[];
}

// deno-lint-ignore no-console -- its output is what this program is for.
const print = console.log;

/** Null: only help is asked for. */
function readOptions(): Options | null {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      remote: text,
      database: text,
      yes: flag,
      "back-to": text,
      profile: text,
      url: text,
      "swept-elsewhere": flag,
      "own-policies": flag,
      help: flag,
    },
  });
  if (values.help) return null;
  const { remote, database } = values;
  if (remote === undefined) throw new StackError(USAGE);
  const target = readTarget({ remote, database });
  const ref = target?.ref;
  if (!target || !ref) {
    throw new StackError(
      `--remote is the project's ref, 20 lower-case letters; a connection string goes to ${DATABASE_VARIABLE} or --database.\n${USAGE}`,
    );
  }
  return {
    ref,
    target,
    yes: values.yes ?? false,
    backTo: values["back-to"] ?? null,
    profile: values.profile ?? null,
    url: values.url ?? `https://${ref}.supabase.co`,
    secretKey: Deno.env.get("SUPABASE_SECRET_KEY") || null,
    sweptElsewhere: values["swept-elsewhere"] ?? false,
    ownPolicies: values["own-policies"] ?? false,
  };
}

/** Everything that a deployment does, in order. */
function deploySteps(cli: Cli, options: Options): Step[] {
  const { database } = options.target;
  return [
    {
      what: "look at what the migrations would do",
      changes: false,
      run: () => shown(cli, ["db", "push", "--dry-run", `--remote=${database}`]),
      recovery: [
        "Without IPv6, give the pooler's connection string: SUPABASE_DB_URL=postgresql://…",
        "Migrations there that are not in this checkout: somebody deployed a later commit; check it out.",
      ],
    },
    secretsStep(cli, options),
    {
      what: "agree",
      changes: false,
      run: () => Promise.resolve(agreed(options) ? null : "nobody agreed; --yes agrees beforehand"),
      recovery: [],
    },
    {
      what: "push the migrations",
      changes: true,
      run: () => shown(cli, ["db", "push", "--yes", `--remote=${database}`]),
      recovery: [
        "Each migration is applied as a whole or not at all, and those before it stay. The functions that are deployed go on working.",
        "Repair what it says and run this again: it goes on where it stopped.",
      ],
    },
    ...functionSteps(cli, options, repositoryRoot, "this commit"),
    verifyStep(options),
  ];
}

/** Deploys the functions of an earlier commit, unpacked in `folder`. */
function backSteps(cli: Cli, options: Options, folder: string): Step[] {
  return [
    {
      what: "agree",
      changes: false,
      run: () => Promise.resolve(agreed(options) ? null : "nobody agreed; --yes agrees beforehand"),
      recovery: [],
    },
    ...functionSteps(cli, options, folder, options.backTo ?? ""),
    verifyStep(options),
  ];
}

function secretsStep(cli: Cli, { ref }: Options): Step {
  const args = ["secrets", "list", `--remote=${ref}`, "--output-format=json", "--agent=no"];
  return {
    what: "look whether the project has all secrets",
    changes: false,
    async run() {
      const answer = await cli.askAloud(args);
      if (!answer.success) return answer.said;
      const { secrets } = JSON.parse(answer.stdout) as { secrets: { name: string }[] };
      const there = new Set(secrets.map(({ name }) => name));
      const needed = await neededSecrets();
      const missing = needed.filter((name) => !there.has(name));
      if (missing.length > 0) return `the project lacks ${missing.join(", ")}`;
      print(`all ${needed.length} are there`);
      return null;
    },
    recovery: [
      "supabase/functions/.env.example says what each is. Set them, and run this again:",
      `  supabase secrets set --env-file supabase/functions/.env --remote=${ref}`,
    ],
  };
}

function functionSteps(cli: Cli, { ref }: Options, workdir: string, commit: string): Step[] {
  const again =
    "Run this again: what is deployed already is deployed once more, which changes nothing.";
  const back = "Or go back: deno task deploy --remote=" + ref +
    " --back-to=COMMIT (what was deployed before)";
  return [
    {
      what: `deploy the functions of ${commit}`,
      changes: true,
      run: () =>
        shown(cli, ["functions", "deploy", "--use-api", "--yes", `--remote=${ref}`], workdir),
      recovery: [
        "The CLI publishes what it could upload: some functions may be new, others as they were.",
        `  supabase functions list --remote=${ref}`,
        again,
        back,
      ],
    },
    {
      what: "look whether all functions are there",
      changes: false,
      async run() {
        const answer = await cli.askAloud(listCommand(ref), workdir);
        if (!answer.success) return answer.said;
        const listed = readListed(answer.stdout);
        for (const { slug, status, version } of listed) {
          print(`${slug}: ${status}, version ${version}`);
        }
        return whatIsWrong(listed, await edgeFunctions(workdir));
      },
      recovery: [again, back],
    },
  ];
}

function verifyStep(options: Options): Step {
  const { target, ref, url } = options;
  return {
    what: "verify",
    changes: false,
    async run() {
      const database = target.database === ref ? [] : [`--database=${target.database}`];
      const words = [`--remote=${ref}`, ...database, `--url=${url}`];
      print(`$ ${commandLine(["deno", "task", "verify", ...words])}`);
      const checks = await verify(options);
      print(report(checks));
      return checks.every(({ ok }) => ok) ? null : "the table says what to do";
    },
    recovery: [
      `Everything is deployed. When it is repaired: deno task verify --remote=${ref}`,
      `If users suffer meanwhile: deno task deploy --remote=${ref} --back-to=COMMIT`,
    ],
  };
}

async function shown(cli: Cli, args: string[], workdir = repositoryRoot): Promise<string | null> {
  return await cli.show(args, workdir) ? null : "the command failed";
}

function agreed({ ref, yes }: Options): boolean {
  // Where nobody can answer, confirm() says no.
  return yes || confirm(`Deploy to ${ref}?`);
}

/** Does one step after the other. At the first failure, says what has and has not been done and how to go on. */
async function carryOut(steps: Step[]): Promise<boolean> {
  const done: Step[] = [];
  for (const step of steps) {
    print(`\n── ${done.length + 1}/${steps.length} ${step.what}`);
    const failure = await step.run();
    if (failure === null) {
      done.push(step);
      continue;
    }
    print(`\n✗ ${step.what}: ${failure}\n`);
    for (const each of steps) {
      const state = done.includes(each) ? "done" : each === step ? "failed" : "not done";
      print(`  ${state.padEnd(8)}  ${each.what}`);
    }
    if (![...done, step].some(({ changes }) => changes)) print("\nNothing was changed.");
    if (step.recovery.length > 0) print(`\n${step.recovery.join("\n")}`);
    return false;
  }
  return true;
}

/** What is deployed, as --back-to will want it. */
async function checkout(): Promise<string> {
  const git = async (...args: string[]) => {
    const options = { args: ["-C", repositoryRoot, ...args], env: Deno.env.toObject() };
    return await runOrFail("git", "git", options);
  };
  try {
    const isDirty = await git("status", "--porcelain", "--", "supabase") !== "";
    return `commit ${await git("rev-parse", "--short", "HEAD")}${
      isDirty ? " with uncommitted changes" : ""
    }`;
  } catch {
    return "a folder that is no git checkout"; // nothing to go back to by name, which is said and no more
  }
}

/** The folder `supabase` of a commit, in a folder of its own. */
async function unpack(commit: string, folder: string): Promise<void> {
  const archive = join(folder, "supabase.tar");
  const git = ["-C", repositoryRoot, "archive", `--output=${archive}`, commit, "supabase"];
  const env = Deno.env.toObject();
  await runOrFail("git archive", "git", { args: git, env });
  await runOrFail("tar", "tar", { args: ["-x", "-f", archive, "-C", folder], env });
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    print(USAGE);
    return 0;
  }
  const { profile, target } = options;
  const cli = await Cli.open({ profile, password: target.password, print });
  if (target.unsure !== null) print(target.unsure);
  if (options.backTo === null) {
    print(`Deploying ${await checkout()} to ${options.ref}`);
    if (!await carryOut(deploySteps(cli, options))) return 1;
    print(`\nDeployed to ${options.ref}. docs/deploy.md says what to watch in the logs now.`);
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "edge-credits-back-" });
  try {
    await unpack(options.backTo, folder);
    if (!await carryOut(backSteps(cli, options, folder))) return 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  print(
    `\nThe functions of ${options.backTo} are deployed to ${options.ref}. The database is as it was.`,
  );
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

/**
 * When a program of ours is asked to end: by a signal, or because whoever started it is gone.
 *
 * `npx -y deno task start` is a chain of npx, sh, node and two deno. A SIGTERM to its first, as a script sends it, ends
 * that one alone, and nothing tells us: so we look.
 */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How often we look for those who started us, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** A link of the chain: a process id means another process later on, its start time with it never does. */
interface Launcher {
  pid: number;
  startedAt: string;
}

/** Aborted once the program is to end. The signals no longer end it by themselves: whoever asks for this, obeys it. */
export function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of SIGNALS) Deno.addSignalListener(name, () => ending.abort());
  const launchers = launchersOf(Deno.pid);
  if (launchers.length > 0) {
    const timer = setInterval(() => {
      if (launchers.every(({ pid, startedAt }) => statOf(pid)?.startedAt === startedAt)) return;
      clearInterval(timer);
      ending.abort();
    }, LOOK_EVERY_MS);
    Deno.unrefTimer(timer);
  }
  return ending.signal;
}

/**
 * The processes between us and the shell or script that gave the command. That one is not among them: it may well end
 * before us, as after `npx -y deno task start &`.
 */
function launchersOf(pid: number): Launcher[] {
  const launchers: Launcher[] = [];
  for (let parent = statOf(pid)?.parent; parent !== undefined;) {
    const stat = statOf(parent);
    if (!stat || !isLauncher(parent, stat.parent)) break;
    launchers.push({ pid: parent, startedAt: stat.startedAt });
    parent = stat.parent;
  }
  return launchers;
}

function isLauncher(pid: number, parent: number): boolean {
  const [program = "", first = "", second = ""] = wordsOf(pid);
  if (/(^|\/)deno$/.test(program)) return first === "task";
  if (/(^|\/)node$/.test(program)) {
    return /\/deno\/bin\.cjs$|\/\.bin\/deno$|\/npx(-cli\.js)?$/.test(first);
  }
  // npm names itself after what it does, and starts a program by a shell of its own.
  const isNpm = (title = "") => /^(npm exec|npx) /.test(title);
  if (program === "sh") {
    return first === "-c" && /^'?deno\b/.test(second) && isNpm(wordsOf(parent)[0]);
  }
  return isNpm(program);
}

function wordsOf(pid: number): string[] {
  return readIfThere(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
}

/** What /proc tells of a process; undefined where there is none, or no /proc. */
function statOf(pid: number): { parent: number; startedAt: string } | undefined {
  // The name stands in parentheses, and may itself hold some: proc_pid_stat(5).
  const fields = readIfThere(`/proc/${pid}/stat`)?.replace(/^.*\) /s, "").split(" ");
  const [state, parent, startedAt] = [fields?.[0], fields?.[1], fields?.[19]];
  if (state === undefined || state === "Z" || !startedAt) return undefined;
  return { parent: Number(parent), startedAt };
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    // A process that ends while it is read.
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return undefined;
    throw error;
  }
}

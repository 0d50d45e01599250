/** Structured logs: one JSON object a line. `JSON.stringify` keeps what a client sends from making a line of its own. */

export type Level = "info" | "warn" | "error";

export type Log = (
  level: Level,
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** Writes to the console, which is where the platform collects logs from. */
export const consoleLog: Log = (level, message, fields = {}) => {
  // deno-lint-ignore no-console
  console[level](
    JSON.stringify({
      time: new Date().toISOString(),
      level,
      message,
      ...fields,
    }),
  );
};

/** What is known of an error, for the log alone: it may tell of the inside. */
export function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) };
  return {
    error: error.message,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: String(error.cause) }),
  };
}

/** Where a client of the stream is: `<epoch>;account=57;orders=1203`, the `id:` of every event. */

/** The name under which the own account stands in a cursor and in `topics`. */
export const ACCOUNT = "account";

export interface Cursor {
  epoch: number;
  /** The newest version or id that the client has, by topic; `account` for the own account. */
  parts: ReadonlyMap<string, number>;
}

const EPOCH = /^\d{1,15}$/;
const PART = /^([a-z0-9][a-z0-9_.-]{0,62})=(\d{1,15})$/;

export function formatCursor({ epoch, parts }: Cursor): string {
  return [epoch, ...[...parts].map(([name, at]) => `${name}=${at}`)].join(";");
}

/** Reads a cursor; null where it is none. */
export function parseCursor(text: string): Cursor | null {
  const [epoch = "", ...rest] = text.split(";");
  if (!EPOCH.test(epoch)) return null;
  const parts = new Map<string, number>();
  for (const part of rest) {
    const [, name, at] = PART.exec(part) ?? [];
    if (name === undefined || parts.has(name)) return null;
    parts.set(name, Number(at));
  }
  return { epoch: Number(epoch), parts };
}

/** Where an account is: its version within an epoch. Outside of the database it is `<epoch>.<version>`. */

export interface Position {
  epoch: number;
  version: number;
}

/** Reads `<epoch>.<version>`; null where it is none. */
export function parsePosition(text: string): Position | null {
  const [, epoch, version] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? null : { epoch: Number(epoch), version: Number(version) };
}

export function formatPosition({ epoch, version }: Position): string {
  return `${epoch}.${version}`;
}

/** Below 0 where `a` is older than `b`, 0 where they are one. A greater epoch wins, whatever the versions. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.version - b.version;
}

export function newest(positions: Position[]): Position | null {
  return positions.toSorted(comparePositions).at(-1) ?? null;
}

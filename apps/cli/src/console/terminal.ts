import type { Readable, Writable } from 'node:stream';
import type { Environment } from '@sallyport/platform';

/** What a command is given of its surroundings. */
export interface Terminal {
  environment: Environment;
  input: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  output: Writable;
  errors: Writable;
}

/** Nobody reads any further (`| head`). */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** What a command has to say: `data` for scripts, `lines` for people. */
export interface Answer {
  data: object;
  lines: string[];
  /** Where it is no success in spite of an answer. */
  exitCode?: number;
}

export function tell(terminal: Terminal, { data, lines }: Answer, json: boolean): void {
  terminal.output.write(json ? `${JSON.stringify(data, null, 2)}\n` : `${lines.join('\n')}\n`);
}

/** Columns as wide as their longest cell. */
export function columns(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

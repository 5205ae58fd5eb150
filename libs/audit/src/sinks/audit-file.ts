import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const TAIL_BYTES = 65_536;

/** A file of JSON Lines that is only ever added to. */
export class AuditFile {
  constructor(private readonly path: string) {}

  /** The number of the last row it covers; 0 where it is new. A line that broke off does not count. @throws the system's error. */
  async covered(): Promise<number> {
    return (await this.lastOf(numberOf)) ?? 0;
  }

  /** The checkpoint that was added last; null without any. @throws the system's error. */
  lastCheckpoint(): Promise<unknown> {
    return this.lastOf((line) => parsedLine(line)?.['checkpoint'] ?? null);
  }

  /** What is found in the last line in which something is. */
  private async lastOf<T>(find: (line: string) => T | null): Promise<T | null> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      for (let bytes = Math.min(size, TAIL_BYTES); ; bytes = Math.min(size, bytes * 4)) {
        const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, size - bytes);
        // The first line of the part may be half of one.
        const lines = buffer
          .toString()
          .split('\n')
          .slice(bytes < size ? 1 : 0);
        for (const line of lines.toReversed()) {
          const found = find(line);
          if (found !== null) return found;
        }
        if (bytes === size) return null;
      }
    } finally {
      await file.close();
    }
  }

  /** Adds lines and waits until the disk has them. @throws the system's error. */
  async add(lines: string[]): Promise<void> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      const { buffer } = size === 0 ? { buffer: null } : await file.read(Buffer.alloc(1), 0, 1, size - 1);
      // Whoever was killed while writing left half a line.
      const broken = buffer !== null && buffer.toString() !== '\n';
      await file.appendFile(`${broken ? '\n' : ''}${lines.join('\n')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Every whole line, parsed. @throws the system's error where the file cannot be read. */
  async *lines(): AsyncIterable<Record<string, unknown>> {
    const reading = createInterface({ input: createReadStream(this.path), crlfDelay: Infinity });
    for await (const line of reading) {
      const parsed = parsedLine(line);
      if (parsed !== null) yield parsed;
    }
  }
}

function numberOf(line: string): number | null {
  const parsed = parsedLine(line);
  const { number } = ((parsed?.['row'] ?? parsed?.['checkpoint']) as { number?: unknown } | undefined) ?? {};
  return typeof number === 'number' ? number : null;
}

function parsedLine(line: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

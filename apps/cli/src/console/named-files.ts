import { type FileHandle, open, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { DomainError } from '@sallyport/platform';
import { UsageError } from './usage-error.js';

/** Sees to it before any work that a file an option names can be read. @throws UsageError */
export async function mustBeReadable(option: string, path: string): Promise<void> {
  try {
    const file = await open(path, 'r');
    // A folder can be opened, and not read.
    await file.read(Buffer.alloc(1), 0, 1, 0).finally(() => file.close());
  } catch (error) {
    throw new UsageError(`${option}: the file cannot be read (${codeOf(error)}).`);
  }
}

/** A file that was not there before, mode 0600: whole in the end, or gone. */
export class NewFile {
  readonly stream: Writable;

  private constructor(
    private readonly path: string,
    handle: FileHandle,
  ) {
    this.stream = handle.createWriteStream();
  }

  /** @param option which names it. @throws UsageError; DomainError `conflict` where there is one, which is never replaced. */
  static async make(option: string, path: string): Promise<NewFile> {
    try {
      return new NewFile(path, await open(path, 'wx', 0o600));
    } catch (error) {
      if (codeOf(error) === 'EEXIST')
        throw new DomainError('conflict', 'file-exists', `${option}: there is such a file already.`);
      throw new UsageError(`${option}: the file cannot be made (${codeOf(error)}).`);
    }
  }

  /** Does the work that fills it. */
  async fill<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.stream.end();
      await finished(this.stream);
      return result;
    } catch (error) {
      this.stream.destroy();
      await rm(this.path, { force: true });
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'no code';
}

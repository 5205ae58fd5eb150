import { createHash } from 'node:crypto';
import { open as openFile, type FileHandle } from 'node:fs/promises';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ConfigError } from '@sallyport/platform';
import { preparePassword } from './password-rules.js';

/** Longer than any line: 40 hex digits, `:`, a count, a line end. */
const WINDOW = 128;
const HASH_DIGITS = 40;
const LINE_FEED = 0x0a;

interface Line {
  start: number;
  /** Where the next line starts. */
  end: number;
  hash: string;
}

interface Opened {
  file: FileHandle;
  size: number;
}

/**
 * The optional local file of breached passwords (S03): one SHA-1 in hex per line, sorted, with or without `:count` behind it
 * (the format of Have I Been Pwned). It may be far larger than the memory: a look-up reads about 40 times 256 bytes.
 */
export class BreachedList implements OnModuleInit, OnApplicationShutdown {
  private opened: Promise<Opened> | undefined;

  /** @param path without one nothing counts as breached */
  constructor(private readonly path?: string | null) {}

  /** Stops the start when there is no such file, or it does not begin with a SHA-1. @throws ConfigError */
  async onModuleInit(): Promise<void> {
    if (this.path) await (this.opened ??= open(this.path));
  }

  /** Whether the password, in NFC, is in the file. */
  async contains(password: string): Promise<boolean> {
    if (!this.path) return false;
    const { file, size } = await (this.opened ??= open(this.path));
    const wanted = createHash('sha1').update(preparePassword(password)).digest('hex').toUpperCase();
    let low = 0;
    let high = size;
    // The line sought, if there is one, starts at `low` or later and before `high`.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const line = await lineFrom(file, size, middle);
      if (line?.hash === wanted) return true;
      if (line && line.start < high && line.hash < wanted) low = line.end;
      else high = middle;
    }
    return false;
  }

  async onApplicationShutdown(): Promise<void> {
    const opened = await this.opened;
    await opened?.file.close();
  }
}

async function open(path: string): Promise<Opened> {
  const file = await openFile(path, 'r').catch((error: unknown) => {
    throw refused(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  });
  const size = (await file.stat()).size;
  // A folder can be opened, and not read.
  const first = await lineFrom(file, size, 0).catch(() => undefined);
  if (first && /^[0-9A-F]{40}$/.test(first.hash)) return { file, size };
  await file.close();
  throw refused('the file does not begin with a SHA-1 in hex');
}

function refused(problem: string): ConfigError {
  return new ConfigError([{ setting: 'SALLYPORT_BREACHED_PASSWORDS_FILE', problem }]);
}

/** The first line that starts at an offset or after it. */
async function lineFrom(file: FileHandle, size: number, offset: number): Promise<Line | undefined> {
  const from = Math.max(offset - 1, 0);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * WINDOW), 0, 2 * WINDOW, from);
  const window = buffer.subarray(0, bytesRead);
  const begin = offset === 0 ? 0 : window.indexOf(LINE_FEED) + 1;
  if (offset > 0 && begin === 0) return undefined;
  const text = window.toString('latin1', begin, begin + HASH_DIGITS);
  if (text.length < HASH_DIGITS) return undefined;
  const feed = window.indexOf(LINE_FEED, begin);
  const end = feed < 0 ? size : from + feed + 1;
  return { start: from + begin, end, hash: text.toUpperCase() };
}

import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BreachedList } from './breached-list.js';

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();
const passwords = Array.from({ length: 2_000 }, (_, i) => `breached ${i}`);
/** Enough to meet every distance from a probe to the line behind it. */
const sample = passwords.filter((_, i) => i % 5 === 0);
const hashes = [...passwords, 'J\u00fcrgen'].map(sha1).sort();

describe('BreachedList', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breached-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function opened(content: string): Promise<BreachedList> {
    const path = join(folder, 'list.txt');
    await writeFile(path, content);
    const list = new BreachedList(path);
    await list.onModuleInit();
    return list;
  }

  it.each([
    ['with counts and CRLF', hashes.map((hash, i) => `${hash}:${10 ** (i % 9)}`).join('\r\n') + '\r\n'],
    ['bare', hashes.join('\n') + '\n'],
    ['without a last line end', hashes.join('\n')],
    ['in lower case', hashes.map((hash) => hash.toLowerCase()).join('\n')],
  ])('S03 finds each entry and nothing else in a file %s', async (_, content) => {
    const list = await opened(content);
    for (const password of sample) expect(await list.contains(password)).toBe(true);
    for (let i = 0; i < 200; i++) expect(await list.contains(`unknown ${i}`)).toBe(false);
    expect(await list.contains('Ju\u0308rgen')).toBe(true);
    await list.onApplicationShutdown();
  });

  it('S03 works with one entry and with two', async () => {
    for (const known of [['a'], ['a', 'b']]) {
      const list = await opened(known.map(sha1).sort().join('\n'));
      for (const password of known) expect(await list.contains(password)).toBe(true);
      expect(await list.contains('c')).toBe(false);
      await list.onApplicationShutdown();
    }
  });

  it('counts nothing as breached without a file', async () => {
    for (const list of [new BreachedList(), new BreachedList(null)]) {
      await list.onModuleInit();
      expect(await list.contains('a')).toBe(false);
      await list.onApplicationShutdown();
    }
  });

  it('refuses a file that is none', async () => {
    await expect(opened('123456\npassword\n')).rejects.toThrow('does not begin with a SHA-1');
    await expect(opened('')).rejects.toThrow('does not begin with a SHA-1');
    await expect(new BreachedList(join(folder, 'missing')).onModuleInit()).rejects.toThrow('ENOENT');
  });
});

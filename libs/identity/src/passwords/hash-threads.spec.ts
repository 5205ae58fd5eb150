import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { readConfig } from '@sallyport/platform';
import { expect, it } from 'vitest';
import { HashThreads } from './hash-threads.js';

const start = (niceness: string) =>
  new HashThreads(readConfig({ SALLYPORT_HASH_NICENESS: niceness })).onApplicationBootstrap();

/** How far the threads of this process give way: those that hash, and all others. */
function niceness(): { hashing: number[]; others: number[] } {
  const threads = readdirSync('/proc/self/task').map((id) => ({
    hashes: readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim() === 'libuv-worker',
    nice: getPriority(Number(id)),
  }));
  const of = (hashes: boolean) => [
    ...new Set(threads.filter((thread) => thread.hashes === hashes).map(({ nice }) => nice)),
  ];
  return { hashing: of(true), others: of(false) };
}

it.runIf(process.platform === 'linux')('S12 makes the threads that hash give way, and no other', async () => {
  await start('0');
  const before = niceness();
  expect(before.hashing).toEqual(before.others);
  await start('12');
  expect(niceness()).toEqual({ hashing: [12], others: before.others });
});

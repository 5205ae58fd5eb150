import { expect } from 'vitest';
import { waiting } from './planted-faults.js';
import type { Core } from './core.js';

/** Begins each work behind those before it, all held up by one statement's locks, then lets them go in that order. */
export async function inLine<const T extends readonly (() => Promise<unknown>)[]>(
  { database }: Pick<Core, 'database'>,
  hold: string,
  works: T,
): Promise<{ -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const holder = await database.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(hold);
    const begun: Promise<unknown>[] = [];
    for (const work of works) {
      begun.push(work());
      const held = () => waiting({ database }, 'Lock');
      await expect.poll(held, { interval: 5, timeout: 5000 }).toBe(begun.length);
    }
    await holder.query('COMMIT');
    return (await Promise.all(begun)) as { -readonly [K in keyof T]: Awaited<ReturnType<T[K]>> };
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

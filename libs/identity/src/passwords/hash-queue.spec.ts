import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Metrics } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { HashQueue } from './hash-queue.js';

@Module({ providers: [HashQueue] })
class QueueModule {}

/** A job that runs until it is told to end. */
function openJob(): { job: () => Promise<void>; end: () => void } {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { job: () => ended, end };
}

const FULL = { kind: 'unavailable', code: 'hash-queue-full', details: { retryAfter: 1 } };

describe('HashQueue', () => {
  it('S12 runs so many jobs at once and the others in their order', async () => {
    const queue = new HashQueue({ concurrency: 2 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const job = (n: number) => async (): Promise<number> => {
      order.push(n);
      most = Math.max(most, ++running);
      await pause(5);
      running--;
      return n * 10;
    };
    const answers = Promise.all([1, 2, 3, 4, 5].map((n) => queue.run(job(n))));
    expect(queue.depth).toBe(3);
    expect(await answers).toEqual([10, 20, 30, 40, 50]);
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
    expect(queue.depth).toBe(0);
  });

  it('goes on after a job that fails', async () => {
    const queue = new HashQueue({ concurrency: 1 });
    const failed = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(() => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('next');
    expect(await queue.run(() => Promise.resolve('idle'))).toBe('idle');
  });

  it('S12 refuses at once, and does not run, a job that would wait too long', async () => {
    const queue = new HashQueue({ concurrency: 1, longestWait: 500 });
    const first = openJob();
    const admitted = [queue.run(first.job)];
    for (let i = 0; i < 10; i++) admitted.push(queue.run(() => Promise.resolve()));
    let ran = false;
    const extra = queue.run(() => Promise.resolve((ran = true)));
    await expect(extra).rejects.toMatchObject(FULL);
    expect(queue.depth).toBe(10);
    first.end();
    await Promise.all(admitted);
    expect(ran).toBe(false);
  });

  it('S12 learns from the jobs how long a wait will be', async () => {
    const queue = new HashQueue({ concurrency: 1, longestWait: 200 });
    for (let i = 0; i < 20; i++) await queue.run(() => Promise.resolve());
    const first = openJob();
    const quick = [queue.run(first.job)];
    for (let i = 0; i < 50; i++) quick.push(queue.run(() => Promise.resolve()));
    expect(queue.depth).toBe(50);
    first.end();
    await Promise.all(quick);
  });

  it('S12 refuses, and does not run, a job that waited too long because those before it became slow', async () => {
    const queue = new HashQueue({ concurrency: 1, longestWait: 60 });
    const first = openJob();
    const slow = queue.run(first.job);
    let ran = false;
    const waiting = queue.run(() => Promise.resolve((ran = true)));
    await pause(100);
    first.end();
    await slow;
    await expect(waiting).rejects.toMatchObject(FULL);
    expect(ran).toBe(false);
    expect(await queue.run(() => Promise.resolve('next'))).toBe('next');
  });

  it('is made by the module without any options', async () => {
    const context = await NestFactory.createApplicationContext(QueueModule, { logger: false });
    expect(await context.get(HashQueue).run(() => Promise.resolve(1))).toBe(1);
    await context.close();
  });

  it('tells how many jobs waited, how many wait and how many were turned away', async () => {
    const metrics = new Metrics();
    const queue = new HashQueue({ concurrency: 1, longestWait: 60 }, metrics);
    const [first, second] = [openJob(), openJob()];
    const jobs = [queue.run(first.job), queue.run(second.job)];
    expect(await metrics.scrape()).toContain('sallyport_queue_depth{queue="hash"} 1');
    await expect(queue.run(second.job)).rejects.toMatchObject(FULL);
    first.end();
    second.end();
    await Promise.all(jobs);
    const told = await metrics.scrape();
    expect(told).toContain('sallyport_queue_depth{queue="hash"} 0');
    expect(told).toContain('sallyport_queue_wait_seconds_count{queue="hash"} 2');
    expect(told).toContain('sallyport_queue_shed_total{queue="hash"} 1');
  });
});

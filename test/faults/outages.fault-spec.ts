import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcknowledgedLoad } from '../support/acknowledged-load.js';
import { actsEqualAudit, recordEqualsTables } from '../support/record-and-tables.js';
import { FaultScene } from './fault-scene.js';
import { type Outage, survive } from './outage.js';

const SIZE = { plain: 6, players: 12, roles: 8, workers: 2 };

let scene: FaultScene;
let load: AcknowledgedLoad;

async function prepare(options: Parameters<typeof FaultScene.open>[0] = {}): Promise<void> {
  scene = await FaultScene.open(options);
  load = await scene.load(SIZE);
}

function begin(): void {
  load.surprises.length = 0;
  load.expect();
  load.begin(SIZE.workers);
}

async function judge(): Promise<void> {
  load.expect('unavailable');
  await load.end();
  await recordEqualsTables(load, scene.cluster);
  await actsEqualAudit(load, scene.cluster);
}

describe('under load', () => {
  beforeAll(() => prepare());
  afterAll(() => scene.close());
  beforeEach(begin);
  afterEach(judge);

  const outages: Record<string, () => Outage> = {
    'is stopped at once, as by a crash': () => stopped('immediate'),
    'is stopped in order': () => stopped('fast'),
    'is killed': () => stopped('kill'),
    'is frozen': () => ({
      begin: () => scene.cluster.freeze(),
      end: () => scene.cluster.thaw(),
      lasts: 8_000,
    }),
    'is cut off, and refuses connections': () => ({
      begin: () => scene.proxy.refuse(),
      end: () => scene.proxy.admit(),
      lasts: 2_000,
    }),
    'is behind a network that swallows everything': () => ({
      begin: () => scene.proxy.freeze(),
      end: () => scene.proxy.thaw(),
      lasts: 8_000,
    }),
    'is lost without a word, and another one answers at its address': () => ({
      begin: () => scene.proxy.freeze(),
      end: () => {
        scene.proxy.leaveFrozen();
        scene.proxy.thaw();
      },
      lasts: 8_000,
    }),
    'takes no changes': () => ({
      begin: () => scene.cluster.reconfigure({ default_transaction_read_only: 'on' }),
      end: () => scene.cluster.reconfigure({ default_transaction_read_only: 'off' }),
      lasts: 2_000,
    }),
  };

  function stopped(how: 'fast' | 'immediate' | 'kill'): Outage {
    return { begin: () => scene.cluster.stop(how), end: () => scene.cluster.resume(), lasts: 2_000 };
  }

  it.each(Object.keys(outages))(
    'S91 a database that %s: only right answers and 503, back within 5 s, every acknowledged change is there',
    (name) => survive(scene, load, outages[name]!()),
    120_000,
  );
});

describe('on a small disk', () => {
  let place: string;
  let mounted = false;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'sallyport-disk-'));
    mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', place]).status === 0;
    if (!mounted) return;
    spawnSync('chmod', ['777', place]);
    const postgres = { max_wal_size: '48MB', min_wal_size: '32MB', shared_buffers: '16MB' };
    await prepare({ place, postgres });
  });
  afterAll(async () => {
    if (mounted) {
      await scene.close();
      spawnSync('umount', [place]);
    }
    rmSync(place, { recursive: true, force: true });
  });

  it('S72 S91 a full disk: what cannot be written with its audit row does not happen, and is answered 503', async (context) => {
    if (!mounted) context.skip('no file system can be mounted here: it takes root');
    begin();
    await survive(scene, load, {
      begin: () => fill(join(place, 'ballast')),
      end: async () => {
        rmSync(join(place, 'ballast'));
        if (!scene.cluster.running) await scene.cluster.resume();
      },
      lasts: 5_000,
      unseen: true,
    });
    await judge();
  }, 180_000);

  function fill(file: string): void {
    const handle = openSync(file, 'w');
    try {
      for (const size of [1 << 20, 1 << 12, 1]) while (wrote(handle, size));
    } finally {
      closeSync(handle);
    }
  }

  function wrote(handle: number, size: number): boolean {
    try {
      return writeSync(handle, Buffer.alloc(size)) > 0;
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      return false;
    }
  }
});

import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../vault/world.js';

const PYTHON = ['/usr/bin/python3', 'python3'].find(hasHvac);
const SKIPPED =
  PYTHON === undefined ? ' (skipped: hvac is not installed; Debian: apt-get install python3-hvac)' : '';
const JOURNEY = fileURLToPath(new URL('hvac_journey.py', import.meta.url));

function hasHvac(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import hvac'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The published client, unmodified, in its own language. */
describe.skipIf(PYTHON === undefined)(`hvac${SKIPPED}`, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  it('drives the whole journey: mounts, policies, users, groups, MFA in two phases, tokens', async () => {
    const { stdout } = await promisify(execFile)(PYTHON!, ['-W', 'ignore', JOURNEY], {
      env: {
        PATH: process.env['PATH'],
        SALLYPORT_URL: world.server.url,
        SALLYPORT_ROOT_TOKEN: world.server.rootToken,
      },
      timeout: 60_000,
    });
    expect(stdout.trim().split('\n')).toContain('signed in with a second factor');
    expect(stdout.trim().split('\n').at(-1)).toBe("the mount's tokens end with it");
  });
});

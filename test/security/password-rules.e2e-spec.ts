import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { withBlockedNetwork } from '../support/blocked-network.js';
import { expecting } from '../support/send.js';
import { Stage } from '../support/stage.js';
import {
  freshName,
  operationsWithPassword,
  OTHER_PASSWORDS,
  PASSWORD_SETTERS,
  type Target,
} from './password-setters.js';

const BREACHED = 'gramercy-lantern-0417';
const folder = mkdtempSync(join(tmpdir(), 'breached-'));

const reached = withBlockedNetwork();
let stage: Stage;
let admin: AppgateClient;
beforeAll(async () => {
  const file = join(folder, 'breached.txt');
  writeFileSync(file, `${createHash('sha1').update(BREACHED).digest('hex').toUpperCase()}:7\n`);
  stage = await Stage.open(1, {
    settings: { SALLYPORT_BREACHED_PASSWORDS_FILE: file, SALLYPORT_PUBLIC_HOST: 'login.harbour.example' },
  });
  admin = await stage.administrator();
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
  expect(reached).toEqual([]);
});

const stored = () =>
  stage.rows(`SELECT name, password_hash FROM local_users
              UNION ALL SELECT name, password_hash FROM service_users ORDER BY name, password_hash`);

async function mustPass(name: string, password: string, passes = true): Promise<void> {
  await stage.rows('DELETE FROM password_throttles');
  await expecting(passes ? 200 : 400, stage.vault().logIn(name, password));
  await expecting(passes ? 200 : 401, stage.appgate().authenticate(name, password));
}

/** Each a little different from ` J\u00fcrgen\u0000 Q `. */
const OTHERS = [
  'J\u00fcrgen\u0000 Q ',
  ' J\u00fcrgen\u0000 Q',
  ' j\u00fcrgen\u0000 Q ',
  ' J\u00fcrgen\u0000 q ',
  ' J\u00fcrgen',
  ' J\u00fcrgen Q ',
  ' Jurgen\u0000 Q ',
  ' J\u00fcrgen\u0000 Q \u0000',
];

/** Code points no list knows: ASCII, emoji, letters with a mark that has no composed form, letters that have one. */
const UNITS: Record<string, string> = {
  ASCII: 'q',
  emoji: '😀',
  'pairs with a mark': 'q\u0301',
  'decomposed letters': 'e\u0301',
};

/** So many code points of it, as they are counted: after NFC. */
function text(unit: string, length: number): string {
  const points = Array.from(unit.normalize('NFC')).length;
  const whole = unit.repeat(Math.floor(length / points));
  return whole + 'z'.repeat(length % points);
}

it('S03 the routes that set a password are these, and no others', () => {
  const known = [...PASSWORD_SETTERS.map(({ operation }) => operation), ...OTHER_PASSWORDS];
  expect(operationsWithPassword().toSorted()).toEqual(known.toSorted());
});

describe.each(PASSWORD_SETTERS)('$operation', ({ done, signsIn, refusal, target }) => {
  const newTarget = () => target({ stage, admin, name: freshName() });

  async function mustBeRefused({ clear, set }: Target, password: string, problem: string): Promise<void> {
    await clear?.();
    const before = await stored();
    const { status, body } = await set(password);
    expect({ password, status, body }).toMatchObject({ password, ...refusal(problem) });
    expect(await stored()).toEqual(before);
  }

  async function mustBeSet({ name, clear, set }: Target, password: string): Promise<void> {
    await clear?.();
    await expecting(done, set(password));
    if (signsIn) await mustPass(name, password);
  }

  it('S01 counts code points of any kind after NFC, and cuts nothing', async () => {
    const someone = await newTarget();
    for (const unit of Object.values(UNITS)) {
      await mustBeRefused(someone, text(unit, 7), 'must be at least 8 characters');
      for (const length of [257, 500])
        await mustBeRefused(someone, text(unit, length), 'must be at most 256 characters');
      for (const length of [8, 64, 256]) await mustBeSet(someone, text(unit, length));
    }
  });

  it.each(['zqxjvkwb', 'ZQXJVKWB', '0918273645', '        '])(
    'S01 has no rule about kinds of characters: %j',
    async (password) => {
      await mustBeSet(await newTarget(), password);
    },
  );

  it('S02 counts the whole password, unchanged but for NFC', async () => {
    const someone = await newTarget();
    await mustBeSet(someone, ' Ju\u0308rgen\u0000 Q ');
    if (!signsIn) return;
    await mustPass(someone.name, ' J\u00fcrgen\u0000 Q ');
    for (const other of OTHERS) await mustPass(someone.name, other, false);
    await mustBeSet(someone, `${'x'.repeat(72)}a`);
    await mustPass(someone.name, `${'x'.repeat(72)}b`, false);
    await mustPass(someone.name, 'x'.repeat(72), false);
  });

  it('S03 refuses what is common, breached, or made of a name, and stores nothing', async () => {
    const someone = await newTarget();
    const names = [someone.name, 'sallyport', 'login.harbour.example', 'harbour'];
    const made = names.flatMap((name) => [`${name}2026`, `12${name}${name}`, `${name}${name}`.toUpperCase()]);
    for (const password of ['password1', 'PassWord123', BREACHED, ...made])
      await mustBeRefused(someone, password, 'is too common');
    await mustBeSet(someone, `${BREACHED}!`);
  });
});

describe('a provider', () => {
  const least = async (minPasswordLength: number): Promise<void> => {
    const [local] = (await expecting(200, admin.get('/identity-providers?query=local'))).body.data;
    const changed = { ...local, minPasswordLength };
    await expecting(200, admin.put(`/identity-providers/${local.id}`, changed));
  };

  it.each([
    [15, 15],
    [0, 5],
    [8, 8],
  ])('S01 set to %i asks for %i code points at once, on every route', async (setting, length) => {
    await least(setting);
    for (const { done, signsIn, refusal, target } of PASSWORD_SETTERS.filter((route) => route.signsIn)) {
      const { name, clear, set } = await target({ stage, admin, name: freshName() });
      await clear?.();
      expect(await set(text('\u017c', length - 1))).toMatchObject(
        refusal(`must be at least ${length} characters`),
      );
      await expecting(done, set(text('\u017c', length)));
      if (signsIn) await mustPass(name, text('\u017c', length));
    }
  });

  it('S01 that is set higher later leaves shorter passwords as they are', async () => {
    const name = freshName();
    await stage.addUser(name, { password: 'zqxjvkwb' });
    await least(15);
    await mustPass(name, 'zqxjvkwb');
    await least(8);
  });
});

it('S01 a password is as good five years later', async () => {
  const name = freshName();
  await stage.addUser(name, { password: 'zqxjvkwb' });
  stage.clock.advance(5 * 365 * 86_400);
  await mustPass(name, 'zqxjvkwb');
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

const EVIL: [what: string, expression: string][] = [
  ['the constructor way out', `return this.constructor.constructor('return process')().exit(7);`],
  [
    'the way out over claims',
    `return claims.constructor.constructor('return globalThis.process.exit(7)')();`,
  ],
  [
    'the way out over a host function',
    `try { null.x } catch (e) { return e.constructor.constructor('return process')().mainModule.require('child_process').execSync('id').length > 0; }`,
  ],
  ['process', `process.exit(7); return true;`],
  ['require', `return require('node:fs').readFileSync('/etc/hostname').length > 0;`],
  ['an import', `return import('node:fs').then(() => true);`],
  ['a static import', `import fs from 'node:fs'; return true;`],
  ['an endless loop', `for (;;); return true;`],
  ['a promise storm', `const f = () => Promise.resolve().then(f); f(); for (;;);`],
  ['a huge string', `let s = 'x'; while (true) s += s; return true;`],
  ['a huge array', `const a = []; for (;;) a.push(new Array(1e6).fill(claims)); return true;`],
  ['a regular expression bomb', `return /^(a+)+$/.test('a'.repeat(64) + '!') || true;`],
  ['endless recursion', `const f = () => f() + 1; f(); return true;`],
  ['a thrown value', `throw { toString() { for (;;); } };`],
  ['text that does not parse', `return }{ true;`],
];

it('S52 an evil policy expression gives no role, hurts nobody and leaves an event', async () => {
  await stage.addUser('eve');
  await stage.addUser('bystander');
  for (const [what, expression] of EVIL) {
    await stage.plantPolicy('evil', expression);
    const answered = stage.appgate().logIn('eve', PASSWORD);
    const beside = await Promise.all([
      stage.vault().read('sys/health'),
      stage.vault().logIn('bystander', PASSWORD),
      stage.appgate(1).get('/identity-providers/names'),
    ]);
    const { status, body } = await answered;
    expect([what, status, body]).toEqual([
      what,
      403,
      { id: 'forbidden', message: 'No administration rights.' },
    ]);
    expect([what, beside.map((answer) => answer.status)]).toEqual([what, [200, 200, 200]]);
    const events = await stage.rows(
      `SELECT outcome FROM audit_events e JOIN policies p ON p.id::text = e.object_id WHERE e.action = 'policy.expression-failed' AND p.name = 'evil'`,
    );
    expect([what, events.length >= 1]).toEqual([what, true]);
    await stage.rows(`DELETE FROM policies WHERE name = 'evil'`);
  }
  const admin = await stage.administrator();
  await expecting(200, admin.get('/local-users'));
});

it('S52 what an expression does to the prototypes reaches no other one', async () => {
  await stage.plantPolicy(
    'a prototype edit',
    `Object.prototype.username = 'admin'; Array.prototype.includes = () => true; String.prototype.toString = () => 'admin';
     Object.defineProperty(Object.prototype, 'user', { get() { return { username: 'admin', ag: { identityProviderName: 'local' } } } });
     return false;`,
  );
  await expecting(403, stage.appgate().logIn('eve', PASSWORD));
  expect(({} as { username?: string }).username).toBeUndefined();
  expect([1].includes(2)).toBe(false);
  await stage.rows(`DELETE FROM policies WHERE name = 'a prototype edit'`);
});

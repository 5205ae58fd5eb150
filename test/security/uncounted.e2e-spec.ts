import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ACCEPT, credentials } from '../support/appgate-client.js';
import { dumpOfActs } from '../support/faults.js';
import { expecting, send } from '../support/send.js';
import { PASSWORD, Stage, together } from '../support/stage.js';

const OLD = 'application/vnd.appgate.peer-v5+json';
const TIMES = 100;
const TOO_LARGE = 256 * 1024 + 1;

let stage: Stage;
let before: Map<string, string>;
beforeAll(async () => {
  stage = await Stage.open(2);
  await stage.addUser('probed');
});
afterAll(() => stage.close());
beforeEach(async () => {
  before = await dumpOfActs(stage.first.database);
});

/** No try, no event, no token, no row of any kind. */
async function mustHaveLeftNothing(): Promise<void> {
  expect(await dumpOfActs(stage.first.database)).toEqual(before);
}

const json = { accept: ACCEPT, 'content-type': 'application/json' };

function post(path: string, body: unknown, headers: Record<string, string> = json, replica = 0) {
  return send({ method: 'POST', url: `${stage.servers[replica]!.url}${path}`, headers, body });
}

it.each([PASSWORD, 'wrong'])(
  'S11 100 version probes with the password %j count nowhere',
  async (password) => {
    const headers = { ...json, accept: OLD };
    for (const path of ['/admin/login', '/admin/authentication'])
      await together(TIMES, (index) =>
        expecting(406, post(path, credentials('probed', password), headers, index % 2)),
      );
    await mustHaveLeftNothing();
  },
);

it.each([PASSWORD, 'wrong'])(
  'S11 what is too large, broken or of a wrong type counts nowhere: %j',
  async (password) => {
    const whole = JSON.stringify(credentials('probed', password));
    for (const path of ['/admin/login', '/admin/authentication'])
      await together(TIMES, async () => {
        await expecting(413, post(path, `${whole}${' '.repeat(TOO_LARGE)}`));
        await expecting(400, post(path, whole.slice(0, -1)));
        await expecting(422, post(path, { ...credentials('probed', password), deviceId: 'none' }));
        await expecting(422, post(path, { ...credentials('probed', password), password: 7 }));
      });
    const login = '/v1/auth/userpass/login/probed';
    await together(TIMES, async () => {
      await expecting(413, post(login, `${JSON.stringify({ password })}${' '.repeat(TOO_LARGE)}`));
      await expecting(400, post(login, `{"password":"${password}"`));
      await expecting(400, post(login, { password: { of: password } }));
      await expecting(400, post(login, {}));
    });
    await mustHaveLeftNothing();
  },
);

it('S11 the same password counts once it is compared', async () => {
  await expecting(401, post('/admin/login', credentials('probed', 'wrong')));
  const counted = `SELECT failures FROM password_throttles WHERE failures > 0 LIMIT 1`;
  expect(await stage.rows(counted)).toEqual([{ failures: 1 }]);
  expect(await dumpOfActs(stage.first.database)).not.toEqual(before);
});

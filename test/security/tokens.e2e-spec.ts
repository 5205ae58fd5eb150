import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { dump } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage, together } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

const NO_TOKEN = { id: 'unauthorized', message: 'The token is missing, invalid or expired. Sign in again.' };
const INVALID_TOKEN = { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] };

/** Partial, its factor proven, not yet traded for a final token. */
async function proven(player: Player, replica = 0): Promise<AppgateClient> {
  stage.clock.advance(30);
  const partial = await stage.partial(player.name, replica);
  return partial.with((await expecting(200, partial.submit(stage.code(player)))).body.token);
}

it('S33 a token is 256 bits at least and draws nothing from another', async () => {
  await stage.addUser('sampled');
  const secrets = await together(12, async () => (await stage.vault().logIn('sampled', PASSWORD)).body.auth);
  for (const { client_token: token, accessor } of secrets) {
    expect(token).toMatch(/^hvs\.[0-9A-Za-z]{43}$/);
    expect(accessor).toMatch(/^[0-9A-Za-z]{24}$/);
    expect(token).not.toContain(accessor.slice(0, 6));
  }
  const { body } = await stage.appgate().authenticate('sampled', PASSWORD);
  expect(Buffer.from(body.token, 'base64')).toHaveLength(48);
  expect(new Set(secrets.map(({ client_token }) => client_token)).size).toBe(12);
});

it('S33 hash, accessor, row id and an unsigned JWT are no tokens', async () => {
  const admin = await stage.administrator();
  const [row] = await stage.rows(`SELECT * FROM tokens WHERE token_hash = sha256($1::bytea)`, [
    Buffer.from(admin.token!),
  ]);
  const { auth } = (await stage.vault().logIn('sampled', PASSWORD)).body;
  const root = await stage.rows(`SELECT * FROM tokens WHERE path = 'auth/token/root'`);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ sub: 'admin', jti: row!.id, policies: ['root'] })}.`;
  const candidates = [
    row,
    ...root,
    {
      accessor: auth.accessor,
      id: auth.entity_id,
      token_hash: createHash('sha256').update(auth.client_token).digest(),
    },
  ].flatMap((found) => [
    found!.token_hash.toString('hex'),
    found!.token_hash.toString('base64'),
    found!.token_hash.toString('latin1'),
    found!.accessor,
    found!.id,
  ]);
  for (const candidate of [...candidates, jwt, 'root', 'hvs.']) {
    const header = candidate.replace(/[^\x21-\x7e]/g, '');
    expect((await stage.appgate().with(header).authorize()).body).toEqual(NO_TOKEN);
    expect((await stage.vault().with(header).read('auth/token/lookup-self')).body).toEqual(INVALID_TOKEN);
  }
});

it('S33 a dump holds no token, request id, seed or password in any encoding', async () => {
  const player = await stage.addProtected('dumped');
  await stage.makeAdministrator('dumped');
  const vaultToken = await stage.vaultToken(player);
  const partial = await proven(player);
  const final = (await expecting(200, partial.authorize())).body.token;
  const pending = await stage.partial('dumped');
  const requestId = await stage.request('dumped');
  const seed = player.authenticator.secret;
  const secrets = [
    vaultToken,
    partial.token!,
    final,
    pending.token!,
    requestId,
    PASSWORD,
    stage.first.rootToken,
    stage.first.adminPassword,
    seed,
  ];
  const everything = [...(await dump(stage.first.database)).values()].join('\n').toLowerCase();
  expect(everything).toContain('dumped');
  for (const secret of secrets) {
    const bytes = [
      Buffer.from(secret),
      Buffer.from(secret, 'base64'),
      Buffer.from(secret.replaceAll('-', ''), 'hex'),
      base32(secret),
    ].filter(({ length }) => length > 9);
    const spellings = [
      secret,
      secret.replaceAll('-', ''),
      ...bytes.flatMap((form) => [form.toString('hex'), form.toString('base64'), form.toString('base64url')]),
    ];
    for (const spelling of spellings)
      expect(everything.includes(spelling.toLowerCase().replace(/=+$/, ''))).toBe(false);
  }
});

function base32(text: string): Buffer {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

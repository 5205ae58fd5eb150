import { randomUUID } from 'node:crypto';
import { expecting } from './send.js';
import { PASSWORD, type Stage } from './stage.js';

export interface Subject {
  token: string;
  accessor: string;
}

/** Tokens nobody may look up at `/v1`, by what is wrong with them (S42). The clock moves; there is a user `clerk`. */
export async function deadTokens(stage: Stage): Promise<Record<string, Subject>> {
  const newToken = async (fields: object = {}): Promise<any> =>
    (await expecting(200, stage.root.write('auth/token/create', { policies: 'default', ...fields }))).body
      .auth;
  const expired = await newToken({ ttl: 10 });
  const limited = await newToken({ num_uses: 1 });
  await stage.vault().with(limited.client_token).read('auth/token/lookup-self');
  stage.clock.advance(10);
  const revoked = await newToken();
  await expecting(204, stage.root.write('auth/token/revoke', { token: revoked.client_token }));
  const gone = `gone-${randomUUID().slice(0, 8)}`;
  await stage.addUser(gone);
  const disabled = (await stage.vault().logIn(gone, PASSWORD)).body.auth;
  await expecting(204, stage.root.write(`identity/entity/id/${disabled.entity_id}`, { disabled: true }));
  const partial = (await stage.appgate().authenticate('clerk', PASSWORD)).body.token;
  const foreign = await stage.administrator();
  const [row] = await stage.rows(
    `SELECT accessor FROM tokens WHERE origin = 'appgate' ORDER BY issued_at DESC LIMIT 1`,
  );
  return {
    unknown: { token: `hvs.${'A'.repeat(43)}`, accessor: 'A'.repeat(24) },
    expired: { token: expired.client_token, accessor: expired.accessor },
    'used up': { token: limited.client_token, accessor: limited.accessor },
    revoked: { token: revoked.client_token, accessor: revoked.accessor },
    disabled: { token: disabled.client_token, accessor: disabled.accessor },
    partial: { token: partial, accessor: partial },
    'of /admin': { token: foreign.token!, accessor: row!['accessor'] },
  };
}

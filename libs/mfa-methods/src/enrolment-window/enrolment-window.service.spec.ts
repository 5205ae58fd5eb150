import { SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addMethod, addUser, bind } from '../../../../test/support/people.js';
import { DEFAULT_METHOD_ID } from '../mfa-methods.service.js';
import { EnrolmentWindowService } from './enrolment-window.service.js';

const DAY = 86_400;

let core: Core;
let window: EnrolmentWindowService;
let principalId: string;
let people = 0;

beforeAll(async () => {
  core = await startCore({ settings: { SALLYPORT_ENROLMENT_WINDOW: '7' } });
  window = core.get(EnrolmentWindowService);
});
afterAll(() => core.stop());
beforeEach(async () => {
  people += 1;
  ({ principalId } = await addUser(core, `person-${people}`));
});

const transaction = <T>(work: Parameters<Database['transaction']>[0]): Promise<T> =>
  core.get(Database).transaction(work) as Promise<T>;

describe('the enrolment window', () => {
  it('S60 is open for its days from the making of the user, to the second', async () => {
    core.clock.advance(7 * DAY - 1);
    expect(await window.isOpen(principalId)).toBe(true);
    core.clock.advance(1);
    expect(await window.isOpen(principalId)).toBe(false);
  });

  it('S60 counts from the first user of a person', async () => {
    core.clock.advance(8 * DAY);
    const { accountId } = await addUser(core, `later-${people}`);
    await core.database.query(
      `UPDATE accounts SET principal_id = $1, identity_provider_id = (SELECT id FROM identity_providers WHERE id <> identity_provider_id LIMIT 1)
       WHERE id = $2`,
      [principalId, accountId],
    );
    expect(await window.isOpen(principalId)).toBe(false);
  });

  it('S60 is reopened for its days, until a factor is bound', async () => {
    core.clock.advance(30 * DAY);
    await transaction((tx) => window.reopen(tx, principalId, SERVER));
    core.clock.advance(7 * DAY - 1);
    expect(await window.isOpen(principalId)).toBe(true);
    await bind(core, principalId);
    expect(await window.isOpen(principalId)).toBe(false);
    await transaction((tx) => window.reopen(tx, principalId, SERVER));
    core.clock.advance(7 * DAY);
    expect(await window.isOpen(principalId)).toBe(false);
  });

  it('S60 lets whoever has a factor bind another only with one that was proven', async () => {
    const other = await addMethod(core);
    expect(await window.mayBind(principalId, [])).toBe(true);
    await bind(core, principalId);
    expect(await window.mayBind(principalId, [])).toBe(false);
    expect(await window.mayBind(principalId, [other])).toBe(false);
    expect(await window.mayBind(principalId, [other, DEFAULT_METHOD_ID])).toBe(true);
    await core.database.query('UPDATE totp_enrollments SET disabled_at = now() WHERE principal_id = $1', [
      principalId,
    ]);
    expect(await window.mayBind(principalId, [])).toBe(false);
  });

  it('is closed to nobody', async () => {
    expect(await window.isOpen('00000000-0000-4000-8000-000000000000')).toBe(false);
  });
});

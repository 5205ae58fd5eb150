import { randomUUID } from 'node:crypto';
import { Database } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, from, startCore } from '../../../../test/support/core.js';
import { AclAuthority } from './acl-authority.service.js';
import { AclPoliciesService } from './acl-policies.service.js';
import { AclService } from './acl.service.js';
import type { AclSubject } from './acl-subject.js';

const ROOT: AclSubject = { policies: ['root'], tokenPolicies: ['root'], entityId: null, version: 0 };

let core: Core;
beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

async function epoch(): Promise<number> {
  return Number((await core.database.query('SELECT acl_epoch FROM installation')).rows[0].acl_epoch);
}

async function write(text: string): Promise<string> {
  const name = `p-${randomUUID()}`;
  await core.get(AclPoliciesService).write(name, text, ROOT, from('127.0.0.1'));
  return name;
}

async function holder(names: string[], entityId: string | null = null): Promise<AclSubject> {
  return { policies: names, tokenPolicies: names, entityId, version: await epoch() };
}

async function person(policies: string[] = []): Promise<string> {
  const id = randomUUID();
  await core.database.query(
    'INSERT INTO principals (id, name, policies, created_at, updated_at) VALUES ($1::uuid, $1::text, $2, now(), now())',
    [id, policies],
  );
  return id;
}

async function mayHandOut(subject: AclSubject, names: string[]): Promise<boolean> {
  const judged = core.get(Database).transaction((tx) => core.get(AclAuthority).mustCover(tx, subject, names));
  return judged.then(
    () => true,
    (error: { code?: string }) => {
      expect(error).toMatchObject({
        kind: 'forbidden',
        code: 'acl-escalation',
        message: 'permission denied',
      });
      return false;
    },
  );
}

describe('mustCover', () => {
  it('S48 lets pass what is held, what is nothing, and from root everything', async () => {
    const wide = await write('path "a/*" { capabilities = ["read", "update"] }');
    const narrow = await write('path "a/b" { capabilities = ["read"] }');
    const subject = await holder([wide]);
    expect(await mayHandOut(subject, [wide, narrow, 'nobody-wrote-it'])).toBe(true);
    expect(await mayHandOut(await holder([narrow]), [wide])).toBe(false);
    expect(await mayHandOut(subject, ['root'])).toBe(false);
    expect(await mayHandOut(ROOT, ['root', wide])).toBe(true);
  });

  it('S48 does not let a deny of the holder be left out of what is handed out', async () => {
    const open = await write('path "a/*" { capabilities = ["read"] }');
    const barred = await write('path "a/x" { capabilities = ["deny"] }');
    const subject = await holder([open, barred]);
    expect(await mayHandOut(subject, [open])).toBe(false);
  });

  it('S48 S51 does not let a spelling pass by what is denied under the canonical name', async () => {
    const own = await write('path "a/*" { capabilities = ["read"] }\npath "a/x" { capabilities = ["deny"] }');
    expect(
      await mayHandOut(await holder([own]), [await write('path "a/X" { capabilities = ["read"] }')]),
    ).toBe(false);
    expect(
      await mayHandOut(await holder([own]), [await write('path "a/Y" { capabilities = ["read"] }')]),
    ).toBe(true);
  });

  it('S48 takes a template for what it may be filled in with, unless the holder has the same', async () => {
    const own = await write('path "e/{{identity.entity.id}}/x" { capabilities = ["read"] }');
    const all = await write('path "e/+/x" { capabilities = ["read"] }');
    const one = await write('path "e/me/x" { capabilities = ["read"] }');
    const id = await person();
    expect(await mayHandOut(await holder([own], id), [own])).toBe(true);
    expect(await mayHandOut(await holder([all], id), [own])).toBe(true);
    expect(await mayHandOut(await holder([one], id), [own])).toBe(false);
    expect(await mayHandOut(await holder([own], id), [all])).toBe(false);
    const mine = await write(`path "e/${id}/x" { capabilities = ["read"] }`);
    expect(await mayHandOut(await holder([own], id), [mine])).toBe(true);
    expect(await mayHandOut(await holder([own], await person()), [mine])).toBe(false);
    const barred = await write(`path "e/${id}/x" { capabilities = ["deny"] }`);
    expect(await mayHandOut(await holder([own, barred], id), [own])).toBe(false);
  });

  it('S48 `default` adds to what a holder may hand out, and narrows it by deny only', async () => {
    const everything = await write(
      'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }',
    );
    const entities = await write('path "identity/entity/*" { capabilities = ["read", "update"] }');
    const operator = await holder([everything, 'default'], await person());
    expect(await mayHandOut(operator, [everything, entities])).toBe(true);
    expect(await mayHandOut(await holder(['default'], await person()), [entities])).toBe(false);

    const policies = core.get(AclPoliciesService);
    const shipped = (await policies.find('default'))!.text;
    const denied = `${shipped}\npath "identity/entity/id/x" { capabilities = ["deny"] }`;
    await policies.write('default', denied, ROOT, from('127.0.0.1'));
    expect(await mayHandOut(operator, [entities])).toBe(false);
    await policies.write('default', shipped, ROOT, from('127.0.0.1'));
  });

  it('S48 counts what the holder holds in the transaction, not what the request began with', async () => {
    const wide = await write('path "a/*" { capabilities = ["read"] }');
    const id = await person([wide]);
    const subject: AclSubject = { policies: [wide], tokenPolicies: [], entityId: id, version: await epoch() };
    expect(await mayHandOut(subject, [wide])).toBe(true);
    await core.database.query(`UPDATE principals SET policies = '{}' WHERE id = $1`, [id]);
    expect(await mayHandOut(subject, [wide])).toBe(false);
    const edited = await holder([wide]);
    await core
      .get(AclPoliciesService)
      .write(wide, 'path "a/b" { capabilities = ["read"] }', ROOT, from('127.0.0.1'));
    const before = await write('path "a/c" { capabilities = ["read"] }');
    expect(await mayHandOut(edited, [before])).toBe(false);
  });

  it('S48 lets nobody widen another rule’s parameters by one that gives nothing itself', async () => {
    const path = `q/${randomUUID()}`;
    await write(`path "${path}" { capabilities = ["update"] allowed_parameters = { x = [] } }`);
    const loosening = await write(`path "${path}" { capabilities = [] allowed_parameters = { "*" = [] } }`);
    const reader = await write(`path "${path}" { capabilities = ["read"] }`);
    expect(await mayHandOut(await holder([reader]), [loosening])).toBe(false);
    const updater = await write(`path "q/*" { capabilities = ["update"] }`);
    expect(await mayHandOut(await holder([updater]), [loosening])).toBe(true);
  });
});

describe('what a process keeps of the policies', () => {
  const asks = (subject: AclSubject, path: string) => core.get(AclService).capabilitiesOn(subject, path);

  it('S47 is given up for a newer state, and for an older one where a backup was put back', async () => {
    const name = await write('path "a" { capabilities = ["read"] }');
    const former = await epoch();
    expect(await asks(await holder([name]), 'a')).toEqual(['read']);
    await core
      .get(AclPoliciesService)
      .write(name, 'path "a" { capabilities = ["list"] }', ROOT, from('127.0.0.1'));
    expect(await asks(await holder([name]), 'a')).toEqual(['list']);
    await core.database.query('UPDATE installation SET acl_epoch = $1', [former]);
    await core.database.query(
      `UPDATE acl_policies SET text = 'path "a" { capabilities = ["sudo"] }', version = $2 WHERE name = $1`,
      [name, former],
    );
    expect(await asks(await holder([name]), 'a')).toEqual(['sudo']);
  });

  it('forgets a policy that is deleted', async () => {
    const name = await write('path "b/*" { capabilities = ["read"] }');
    expect(await asks(await holder([name]), 'b/c')).toEqual(['read']);
    await core.get(AclPoliciesService).remove(name, ROOT, from('127.0.0.1'));
    expect(await asks(await holder([name]), 'b/c')).toEqual([]);
  });

  it('shows all a subject may do as user interfaces read it', async () => {
    const name = await write(
      'path "a" { capabilities = ["read"] }\npath "a/*" { capabilities = ["list", "deny"] }\npath "a/+/c" { capabilities = ["update", "create"] }\npath "e/{{identity.entity.id}}" { capabilities = ["read"] }',
    );
    const id = await person();
    expect(await core.get(AclService).resultant(await holder([name], id))).toEqual({
      root: false,
      exact_paths: { a: { capabilities: ['read'] }, [`e/${id}`]: { capabilities: ['read'] } },
      glob_paths: { 'a/': { capabilities: ['deny'] }, 'a/+/c': { capabilities: ['create', 'update'] } },
    });
    expect(await core.get(AclService).resultant(ROOT)).toEqual({
      root: true,
      exact_paths: {},
      glob_paths: {},
    });
  });
});

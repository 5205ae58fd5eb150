import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AUDIT_ACTIONS,
  type AuditAction,
  AuditRetentionService,
  AuditSealerService,
  AuditShipperService,
} from '@sallyport/audit';
import { readConfig } from '@sallyport/platform';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { KeyCommands } from '../../apps/cli/src/commands/key-commands.js';
import { migrateDatabase } from '../../apps/cli/src/commands/migrate-command.js';
import { RecoveryCommands } from '../../apps/cli/src/commands/recovery-commands.js';
import { inSession } from '../../apps/cli/src/console/session.js';
import { migrations } from '../../libs/platform/src/database/migrations/index.js';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { plantRadius } from '../support/radius-method.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { databaseSettings, databaseUrl, sendStatement } from '../support/test-server.js';
import { ROUTE_EVENTS } from './route-events.js';

let stage: Stage;
let folder: string;
let settings: Record<string, string>;
let people = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-catalogue-'));
  settings = {
    SALLYPORT_AUDIT_CHECKPOINT_FILE: join(folder, 'checkpoints.jsonl'),
    SALLYPORT_AUDIT_RETENTION_DAYS: '30',
    SALLYPORT_PASSWORD_FAILURE_CAP: '10',
    SALLYPORT_OUTGOING_ALLOW: 'radius://127.0.0.1:9',
  };
  stage = await Stage.open(1, { settings });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

interface Seen {
  id: string;
  action: AuditAction;
  outcome: string;
  object_type: string | null;
  detail: Record<string, unknown>;
}

/** What was written down while something was done, in no order. */
async function eventsOf(act: () => Promise<unknown>): Promise<Seen[]> {
  const known = new Set((await stage.rows('SELECT id FROM audit_events')).map(({ id }) => id as string));
  await act();
  const rows = await stage.rows<Seen>('SELECT id, action, outcome, object_type, detail FROM audit_events');
  return rows.filter(({ id }) => !known.has(id));
}

/** Signed in anew: the clock moves on. */
const administrator = () => stage.administrator();

const CREDENTIALS = { providerName: 'local', username: 'admin', password: PASSWORD, deviceId: DEVICE };

const someone = (): string => `person-${(people += 1)}`;

function atConsole<T extends object>(
  type: new (...parts: any[]) => T,
  work: (commands: T) => Promise<unknown>,
): Promise<unknown> {
  return inSession(consoleConfig(), (core) => work(core.get(type)));
}

function consoleConfig(databaseUrlOf = stage.first.databaseUrl) {
  return readConfig({
    ...databaseSettings(databaseUrlOf),
    SALLYPORT_MASTER_KEY_FILE: stage.first.masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
    ...settings,
  });
}

/** Wrong codes of somebody, one after the other's wait is over. */
async function fail(player: Player, times: number): Promise<void> {
  const requestId = await stage.request(player.name);
  for (let failure = 0; failure < times; failure += 1)
    await expecting(403, stage.vault().validate(requestId, stage.wrong(player)));
}

/** One more database with the installation of the stage, that has not run its last migration. */
async function onOlderSchema(work: (url: string) => Promise<void>): Promise<void> {
  const socket = inject('socketDirectory');
  const name = `older_${process.pid}`;
  await sendStatement(socket, `CREATE DATABASE ${name} OWNER sallyport`);
  const url = databaseUrl(socket, name);
  try {
    const older = new DataSource({
      type: 'postgres',
      url,
      migrations: migrations.slice(0, -1),
      migrationsTableName: 'migrations',
      installExtensions: false,
    });
    await older.initialize();
    await older.runMigrations({ transaction: 'each' });
    await older.destroy();
    await work(url);
  } finally {
    await sendStatement(socket, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

/** A step that leads to the act, prepared; what it gives back does it. */
type Drive = () => Promise<() => Promise<unknown>>;

/** How each act that no rightful request of a route makes comes about. */
const DRIVES = {
  'sign-in.password-refused': async () => {
    const name = someone();
    await stage.addUser(name);
    return () => stage.appgate().authenticate(name, 'wrong');
  },
  'sign-in.password-throttled': async () => {
    const name = someone();
    await stage.addUser(name);
    for (let failure = 0; failure < 5; failure += 1) await stage.appgate().authenticate(name, 'wrong');
    return () => stage.appgate().authenticate(name, PASSWORD);
  },
  'account.password-stopped': async () => {
    const name = someone();
    await stage.addUser(name);
    for (let failure = 0; failure < 9; failure += 1) {
      await stage.appgate().authenticate(name, 'wrong');
      stage.clock.advance(3_600);
    }
    return () => stage.appgate().authenticate(name, 'wrong');
  },
  'sign-in.factor-refused': async () => {
    const player = await stage.addProtected(someone());
    return () => fail(player, 1);
  },
  'sign-in.factor-throttled': async () => {
    const player = await stage.addProtected(someone());
    await fail(player, 5);
    const requestId = await stage.request(player.name);
    return () => stage.vault().validate(requestId, stage.code(player));
  },
  'sign-in.factor-unanswered': async () => {
    const name = someone();
    await stage.addUser(name);
    await stage.makeAdministrator(name);
    await plantRadius(stage.first, {
      mode: 'OneFactor',
      sharedSecret: PASSWORD,
      port: 9,
      timeout: 1,
    } as never);
    const partial = await stage.partial(name);
    const initialize = await partial.post('/authentication/otp/initialize', {});
    return async () => {
      await partial.post('/authentication/otp', { otp: '1', state: initialize.body.state });
      await stage.rows('UPDATE admin_mfa_settings SET provider_id = NULL');
    };
  },
  'sign-in.refused': async () => () => stage.vault().validate('no-such-request', '123456'),
  'sign-in.exempted': async () => {
    const name = someone();
    await stage.addUser(name);
    await stage.makeAdministrator(name);
    const exemptedUsers = ['CN=admin,OU=local', `CN=${name},OU=local`];
    const admin = await administrator();
    await expecting(204, admin.put('/admin-mfa-settings', { providerId: DEFAULT_METHOD, exemptedUsers }));
    return async () => {
      await stage.appgate().final(name, PASSWORD);
      await stage.rows('UPDATE admin_mfa_settings SET provider_id = NULL');
    };
  },
  'sign-in.suspicious': async () => {
    const player = await stage.addProtected(someone());
    await fail(player, 5);
    return () => stage.vaultToken(player);
  },
  'enrollment.disabled': async () => {
    const player = await stage.addProtected(someone());
    await stage.rows(
      `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 99, $3)`,
      [player.entityId, DEFAULT_METHOD, stage.now],
    );
    return () => fail(player, 1);
  },
  'enrollment.restarted': async () => {
    const player = await stage.addPlayer(someone());
    const id = await plantRadius(stage.first, { mode: 'OneFactor', sharedSecret: PASSWORD } as never);
    await stage.rows('UPDATE admin_mfa_settings SET provider_id = NULL');
    await stage.rows(
      `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 100, $3)`,
      [player.entityId, id, stage.now],
    );
    const admin = await administrator();
    return () => admin.delete(`/otp/seeds/CN=${player.name},OU=local`);
  },
  'secret.unreadable': async () => {
    const player = await stage.addProtected(someone());
    await stage.rows(
      `UPDATE totp_enrollments SET sealed_seed = overlay(sealed_seed placing '\\x0000'::bytea from length(sealed_seed) - 1) WHERE principal_id = $1`,
      [player.entityId],
    );
    const requestId = await stage.request(player.name);
    return async () => {
      await stage.vault().validate(requestId, stage.code(player));
      await stage.rows('DELETE FROM totp_enrollments WHERE principal_id = $1', [player.entityId]);
    };
  },
  'token-role.changed': async () => {
    await expecting(204, stage.root.write('auth/token/roles/changing', {}));
    return () => stage.root.write('auth/token/roles/changing', { orphan: true });
  },
  'acl-policy.changed': async () => {
    await expecting(204, stage.root.write('sys/policies/acl/changing', { policy: '#' }));
    return () => stage.root.write('sys/policies/acl/changing', { policy: '# other' });
  },
  'entity.shown': async () => {
    const name = someone();
    await stage.addUser(name);
    return () => stage.vault().logIn(name, PASSWORD);
  },
  'policy.expression-failed': async () => {
    await stage.plantPolicy('broken', 'throw new Error("no");');
    const name = someone();
    await stage.addUser(name);
    return async () => {
      await stage.appgate().logIn(name, PASSWORD);
      await stage.rows(`DELETE FROM policies WHERE name = 'broken'`);
    };
  },
  'script.failed': async () => {
    const fields = { name: 'broken', expression: 'throw new Error("no");' };
    const admin = await administrator();
    const { body } = await expecting(200, admin.post('/user-scripts', fields));
    const name = someone();
    await stage.addUser(name);
    await stage.rows(
      `UPDATE identity_providers SET user_scripts = ARRAY[$1::uuid] WHERE type = 'LocalDatabase'`,
      [body.id],
    );
    return async () => {
      await stage.appgate().logIn(name, PASSWORD);
      await stage.rows(`UPDATE identity_providers SET user_scripts = '{}'`);
    };
  },
  'access.denied': async () => () => stage.vault().with('hvs.never-given').read('sys/auth'),
  'audit.read': async () => {
    const admin = await administrator();
    return () => admin.get('/sallyport/audit-events');
  },
  'audit.exported': async () => {
    const admin = await administrator();
    return () => admin.get('/sallyport/audit-events/export');
  },
  'audit.retained': async () => {
    const sealer = stage.first.app.get(AuditSealerService, { strict: false });
    const [was] = await stage.rows('SELECT count(*)::int AS n FROM audit_checkpoints');
    stage.clock.advance(120);
    for (let made = was!['n']; made === was!['n'];) {
      await sealer.seal();
      [{ n: made }] = (await stage.rows('SELECT count(*)::int AS n FROM audit_checkpoints')) as [
        { n: number },
      ];
    }
    await stage.first.app.get(AuditShipperService, { strict: false }).ship();
    await asOwner(
      `UPDATE audit_checkpoints SET at = at - interval '40 days', recorded_at = recorded_at - interval '40 days'
       WHERE number = (SELECT min(number) FROM audit_checkpoints)`,
    );
    return () => stage.first.app.get(AuditRetentionService, { strict: false }).retain();
  },
  'audit.resumed': async () => {
    await stage.first.app.get(AuditShipperService, { strict: false }).ship();
    await asOwner('DELETE FROM audit_checkpoints WHERE number = (SELECT max(number) FROM audit_checkpoints)');
    return () => atConsole(RecoveryCommands, (commands) => commands.afterRestore());
  },
  'installation.restored': async () => () =>
    atConsole(RecoveryCommands, (commands) => commands.afterRestore()),
  'key.rotation-begun': async () => () =>
    atConsole(KeyCommands, (commands) => commands.rotate({ master: false })),
  'key.rotated': async () => () => atConsole(KeyCommands, (commands) => commands.rotate({ master: false })),
  'token.all-revoked': async () => async () => {
    await atConsole(RecoveryCommands, (commands) => commands.revokeAll());
  },
} satisfies Partial<Record<AuditAction, Drive>>;

type Driven = keyof typeof DRIVES;

/** Each event of the catalogue: the route of `ROUTE_EVENTS` whose act makes it, or that it is driven here. One that is left out does not compile. */
const MADE_BY: Record<AuditAction, `${string} /${string}` | 'here' | 'start' | 'migrate'> = {
  'installation.made': 'start',
  'installation.restored': 'here',
  'schema.migrated': 'migrate',
  'key.rotation-begun': 'here',
  'key.rotated': 'here',
  'token.all-revoked': 'here',
  'sign-in.password-accepted': 'POST /admin/authentication',
  'sign-in.password-refused': 'here',
  'sign-in.password-throttled': 'here',
  'sign-in.factor-accepted': 'POST /admin/authentication/otp',
  'sign-in.factor-refused': 'here',
  'sign-in.factor-throttled': 'here',
  'sign-in.factor-unanswered': 'here',
  'sign-in.finished': 'GET /admin/authorization',
  'sign-in.refused': 'here',
  'sign-in.exempted': 'here',
  'sign-in.logged-out': 'POST /admin/authentication/logout',
  'token.issued': 'POST /v1/auth/token/create',
  'token.renewed': 'POST /v1/auth/token/renew',
  'token.revoked': 'POST /v1/auth/token/revoke',
  'token-role.created': 'POST /v1/auth/token/roles/:name',
  'token-role.changed': 'here',
  'token-role.deleted': 'DELETE /v1/auth/token/roles/:name',
  'account.created': 'POST /admin/local-users',
  'account.changed': 'PUT /admin/sallyport/me',
  'account.password-changed': 'PUT /admin/sallyport/me/password',
  'account.deleted': 'DELETE /admin/local-users/:id',
  'enrollment.begun': 'POST /admin/authentication/otp/initialize',
  'enrollment.bound': 'POST /v1/identity/mfa/method/totp/admin-generate',
  'enrollment.disabled': 'here',
  'enrollment.removed': 'DELETE /admin/sallyport/me/authenticators/:id',
  'enrollment.restarted': 'here',
  'enrollment.reset-begun': 'POST /v1/identity/mfa/method/totp/self-reset',
  'enrollment.replaced': 'POST /v1/identity/mfa/method/totp/self-reset/confirm',
  'enrollment.window-reopened': 'DELETE /admin/otp/seeds/:userDN',
  'enrollment.renamed': 'PUT /admin/sallyport/me/authenticators/:id',
  'sessions.ended': 'DELETE /admin/sallyport/me/sessions',
  'sign-in.proof-renewed': 'POST /admin/sallyport/me/step-up',
  'activation.issued': 'POST /admin/sallyport/users/:userDN/activation-code',
  'sign-in.suspicious': 'here',
  'method.created': 'POST /v1/identity/mfa/method/totp',
  'method.changed': 'POST /v1/identity/mfa/method/totp/:method_id',
  'method.deleted': 'DELETE /v1/identity/mfa/method/:type/:method_id',
  'enforcement.changed': 'POST /v1/identity/mfa/login-enforcement/:name',
  'enforcement.deleted': 'DELETE /v1/identity/mfa/login-enforcement/:name',
  'admin-mfa.changed': 'PUT /admin/admin-mfa-settings',
  'mount.attached': 'POST /v1/sys/auth/:path',
  'mount.detached': 'DELETE /v1/sys/auth/:path',
  'mount.changed': 'POST /v1/sys/auth/:path/tune',
  'mount.moved': 'POST /v1/sys/remount',
  'account.unlocked': 'POST /v1/sys/locked-users/:mount_accessor/unlock/:alias',
  'account.password-stopped': 'here',
  'entity.created': 'POST /v1/identity/entity',
  'entity.changed': 'POST /v1/identity/entity/id/:id',
  'entity.deleted': 'DELETE /v1/identity/entity/id/:id',
  'entity.shown': 'here',
  'secret.unreadable': 'here',
  'entity-alias.created': 'POST /v1/identity/entity-alias',
  'entity-alias.changed': 'POST /v1/identity/entity-alias/id/:id',
  'entity-alias.deleted': 'DELETE /v1/identity/entity-alias/id/:id',
  'entity.merged': 'POST /v1/identity/entity/merge',
  'group.created': 'POST /v1/identity/group',
  'group.changed': 'POST /v1/identity/group/id/:id',
  'group.deleted': 'DELETE /v1/identity/group/id/:id',
  'group-alias.created': 'POST /v1/identity/group-alias',
  'group-alias.changed': 'POST /v1/identity/group-alias/id/:id',
  'group-alias.deleted': 'DELETE /v1/identity/group-alias/id/:id',
  'policy.expression-failed': 'here',
  'acl-policy.created': 'POST /v1/sys/policies/acl/:name',
  'acl-policy.changed': 'here',
  'acl-policy.deleted': 'DELETE /v1/sys/policies/acl/:name',
  'access.denied': 'here',
  'settings.changed': 'PUT /admin/global-settings',
  'settings.reset': 'DELETE /admin/global-settings',
  'device.removed': 'DELETE /admin/on-boarded-devices/:deviceDN',
  'device.tokens-revoked': 'POST /admin/on-boarded-devices/revoke-tokens',
  'blacklist.added': 'POST /admin/blacklist',
  'blacklist.removed': 'DELETE /admin/blacklist/:userDN',
  'preferences.changed': 'PUT /admin/my-preferences',
  'tag.created': 'POST /admin/tags',
  'tag.changed': 'PUT /admin/tags/:id',
  'tag.deleted': 'DELETE /admin/tags/:id',
  'service-user.created': 'POST /admin/service-users',
  'service-user.changed': 'PUT /admin/service-users/:id',
  'service-user.deleted': 'DELETE /admin/service-users/:id',
  'identity-provider.created': 'POST /admin/identity-providers',
  'identity-provider.changed': 'PUT /admin/identity-providers/:id',
  'identity-provider.deleted': 'DELETE /admin/identity-providers/:id',
  'role.created': 'POST /admin/administrative-roles',
  'role.changed': 'PUT /admin/administrative-roles/:id',
  'role.deleted': 'DELETE /admin/administrative-roles/:id',
  'policy.created': 'POST /admin/policies',
  'policy.changed': 'PUT /admin/policies/:id',
  'policy.deleted': 'DELETE /admin/policies/:id',
  'criteria-script.created': 'POST /admin/criteria-scripts',
  'criteria-script.changed': 'PUT /admin/criteria-scripts/:id',
  'criteria-script.deleted': 'DELETE /admin/criteria-scripts/:id',
  'user-script.created': 'POST /admin/user-scripts',
  'user-script.changed': 'PUT /admin/user-scripts/:id',
  'user-script.deleted': 'DELETE /admin/user-scripts/:id',
  'script.failed': 'here',
  'admin-message.changed': 'PUT /admin/admin-messages/:id',
  'admin-message.deleted': 'DELETE /admin/admin-messages',
  'audit.read': 'here',
  'audit.exported': 'here',
  'audit.retained': 'here',
  'audit.resumed': 'here',
};

type Refusal = [what: string, event: [AuditAction, reason: string], drive: Drive];

/** Somebody who may do a little at `/admin`, and whoever may do all at both. */
async function helper(): Promise<AppgateClient> {
  const name = someone();
  await stage.addUser(name);
  const verbs = ['View', 'Create', 'Edit', 'Delete'];
  const privileges = ['LocalUser', 'AdministrativeRole', 'OtpSeed'].flatMap((target) =>
    verbs.map((type) => ({ type, target, scope: { all: true, ids: [], tags: [] } })),
  );
  await stage.rows(
    `WITH role AS (INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $1, $2::jsonb, now(), now()) RETURNING id)
     INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), $1, $1, 'Admin', $3, ARRAY[id], now(), now() FROM role`,
    [name, JSON.stringify(privileges), `return claims.user.username === "${name}";`],
  );
  return stage.appgate().final(name, PASSWORD);
}

/** A client of somebody with an authenticator, whose password has opened the session. */
async function ownerOf(player: Player): Promise<AppgateClient> {
  await stage.makeAdministrator(player.name);
  return stage.appgate().final(player.name, PASSWORD);
}

const LACKING = 'path "sys/policies/acl/*" { capabilities = ["update"] }';

/** Every way to be refused, and what is written down of it. */
const REFUSALS: Refusal[] = [
  [
    'a name nobody has',
    ['sign-in.password-refused', 'wrong-password'],
    async () => () => stage.vault().logIn('nobody-at-all', PASSWORD),
  ],
  [
    'a provider nobody has',
    ['sign-in.password-refused', 'wrong-password'],
    async () => () => stage.appgate().post('/authentication', { ...CREDENTIALS, providerName: 'nowhere' }),
  ],
  [
    'a disabled user with the right password',
    ['sign-in.password-refused', 'wrong-password'],
    async () => {
      const name = someone();
      await stage.addUser(name);
      await stage.rows('UPDATE local_users SET disabled = true WHERE name = $1', [name]);
      return () => stage.appgate().authenticate(name, PASSWORD);
    },
  ],
  [
    'somebody on the blacklist',
    ['sign-in.password-refused', 'wrong-password'],
    async () => {
      const name = someone();
      await stage.addUser(name);
      const userDistinguishedName = `CN=${name},OU=local`;
      await expecting(200, (await administrator()).post('/blacklist', { userDistinguishedName }));
      return () => stage.appgate().authenticate(name, PASSWORD);
    },
  ],
  [
    'an administrator who has no rights',
    ['sign-in.refused', 'no-administration-rights'],
    async () => {
      const name = someone();
      await stage.addUser(name);
      return () => stage.appgate().logIn(name, PASSWORD);
    },
  ],
  [
    'a single step where a factor is owed',
    ['sign-in.refused', 'factor-owed'],
    async () => {
      const { name } = await stage.addProtected(someone());
      await stage.makeAdministrator(name);
      return () => stage.appgate().logIn(name, PASSWORD);
    },
  ],
  ...(['/admin', '/v1'] as const).flatMap((dialect): Refusal[] => {
    /** Tries a code of somebody. */
    const trying = async (player: Player) => {
      if (dialect === '/v1') {
        const requestId = await stage.request(player.name);
        return (code: string) => stage.vault().validate(requestId, code);
      }
      const partial = await stage.partial(player.name);
      return (code: string) => partial.submit(code);
    };
    const refused = (reason: string): [AuditAction, string] => ['sign-in.factor-refused', reason];
    return [
      [
        `S16 a code that is none at ${dialect}`,
        refused('malformed'),
        async () => {
          const attempt = await trying(await stage.addProtected(someone()));
          return () => attempt('12345x');
        },
      ],
      [
        `S17 a code for the second time at ${dialect}`,
        refused('replayed'),
        async () => {
          const player = await stage.addProtected(someone());
          stage.clock.advance(30);
          await expecting(200, (await trying(player))(stage.code(player)));
          const attempt = await trying(player);
          return () => attempt(stage.code(player));
        },
      ],
      [
        `S20 an authenticator that failures have stopped at ${dialect}`,
        refused('disabled'),
        async () => {
          const player = await stage.addProtected(someone());
          await stage.rows('UPDATE totp_enrollments SET disabled_at = now() WHERE principal_id = $1', [
            player.entityId,
          ]);
          const attempt = await trying(player);
          return () => attempt(stage.code(player));
        },
      ],
      [
        `S23 somebody without an authenticator at ${dialect}`,
        refused('wrong'),
        async () => {
          const player = await stage.addProtected(someone());
          await stage.rows('DELETE FROM totp_enrollments WHERE principal_id = $1', [player.entityId]);
          const attempt = await trying(player);
          return () => attempt('123456');
        },
      ],
    ];
  }),
  [
    'no code at /v1',
    ['sign-in.refused', 'no credential'],
    async () => {
      const { name } = await stage.addProtected(someone());
      const mfa_request_id = await stage.request(name);
      return () => stage.vault().write('sys/mfa/validate', { mfa_request_id, mfa_payload: {} });
    },
  ],
  [
    'a wrong present password at self-service',
    ['sign-in.password-refused', 'wrong-password'],
    async () => {
      const me = await ownerOf(await stage.addPlayer(someone()));
      return () => me.post('/sallyport/me/step-up', { password: 'wrong' });
    },
  ],
  [
    'a wrong code at self-service',
    ['sign-in.factor-refused', 'wrong'],
    async () => {
      const player = await stage.addPlayer(someone());
      const me = await ownerOf(player);
      return () => me.post('/sallyport/me/step-up', { code: stage.wrong(player) });
    },
  ],
  [
    'a wrong activation code',
    ['sign-in.password-refused', 'wrong-password'],
    async () => {
      const name = someone();
      await stage.addUser(name);
      const body = {
        ...CREDENTIALS,
        username: name,
        code: 'x'.repeat(43),
        newPassword: 'quiet harbours at dusk 7',
      };
      return () => stage.appgate().post('/sallyport/activations', { ...body, password: undefined });
    },
  ],
  [
    'S35 a partial token outside its steps',
    ['access.denied', 'forbidden'],
    async () => {
      const { name } = await stage.addProtected(someone());
      await stage.makeAdministrator(name);
      const partial = await stage.partial(name);
      return () => partial.get('/local-users');
    },
  ],
  [
    'S35 a partial token at the other dialect',
    ['access.denied', 'unknown-token'],
    async () => {
      const { name } = await stage.addProtected(someone());
      const partial = await stage.partial(name);
      return () => stage.vault().with(partial.token).read('auth/token/lookup-self');
    },
  ],
  [
    'S35 going on without the factor that is owed',
    ['access.denied', 'factor-owed'],
    async () => {
      const { name } = await stage.addProtected(someone());
      const partial = await stage.partial(name);
      return () => partial.authorize();
    },
  ],
  [
    'S44 a route without the privilege',
    ['access.denied', 'forbidden'],
    async () => {
      const desk = await helper();
      return () => desk.get('/policies');
    },
  ],
  [
    'S48 a role beyond what its maker holds',
    ['access.denied', 'escalation'],
    async () => {
      const desk = await helper();
      const role = { name: someone(), privileges: [{ type: 'All', target: 'All', scope: { all: true } }] };
      return () => desk.post('/administrative-roles', role);
    },
  ],
  [
    'S48 a policy of /v1 beyond what its writer holds',
    ['access.denied', 'acl-escalation'],
    async () => {
      await expecting(204, stage.root.write('sys/policies/acl/writing', { policy: LACKING }));
      const name = someone();
      await stage.addUser(name, { token_policies: 'writing' });
      const { auth } = (await stage.vault().logIn(name, PASSWORD)).body;
      const policy = 'path "*" { capabilities = ["sudo", "update"] }';
      return () => stage.vault().with(auth.client_token).write('sys/policies/acl/more', { policy });
    },
  ],
  [
    'S49 the password of whoever may do more',
    ['access.denied', 'escalation'],
    async () => {
      const name = someone();
      await stage.addUser(name);
      await stage.makeAdministrator(name);
      const desk = await helper();
      const { data } = (await desk.get(`/local-users?query=${name}`)).body;
      const body = { name, firstName: name, lastName: name, password: 'seven quiet harbours at dusk' };
      return () => desk.put(`/local-users/${data[0].id}`, body);
    },
  ],
  [
    'S49 the factors of whoever may do more',
    ['access.denied', 'escalation'],
    async () => {
      const { name } = await stage.addPlayer(someone());
      await stage.makeAdministrator(name);
      const desk = await helper();
      return () => desk.delete(`/otp/seeds/CN=${name},OU=local`);
    },
  ],
];

/** As the owner of the tables would, who can. */
async function asOwner(statement: string): Promise<void> {
  const client = await stage.first.database.connect();
  try {
    await client.query('BEGIN');
    await client.query('ALTER TABLE audit_checkpoints DISABLE TRIGGER USER');
    await client.query(statement);
    await client.query('ALTER TABLE audit_checkpoints ENABLE TRIGGER USER');
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

it('S73 every event of the catalogue is made by an act of a route, or driven here', () => {
  for (const action of AUDIT_ACTIONS) {
    const by = MADE_BY[action];
    if (by === 'here') expect(Object.keys(DRIVES)).toContain(action);
    else if (by !== 'start' && by !== 'migrate') expect(ROUTE_EVENTS[by]).toContain(action);
  }
});

it('S73 an installation is made once', async () => {
  const made = await stage.rows(
    `SELECT outcome, actor_name FROM audit_events WHERE action = 'installation.made'`,
  );
  expect(made).toEqual([{ outcome: 'success', actor_name: 'sallyport' }]);
});

it('S73 a migration of an installation is an event', async () => {
  const kept = ['data_keys', 'installation', 'audit_keys'];
  await onOlderSchema(async (url) => {
    const older = new pg.Pool({ connectionString: url, max: 1 });
    for (const table of kept)
      for (const { row } of await stage.rows(`SELECT to_jsonb(t) AS row FROM ${table} t`))
        await older.query(
          `INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::${table}, $1)`,
          [row],
        );
    await migrateDatabase(consoleConfig(url));
    const { rows } = await older.query('SELECT action, actor_name FROM audit_events');
    await older.end();
    expect(rows).toEqual([{ action: 'schema.migrated', actor_name: 'operator' }]);
  });
}, 30_000);

for (const [what, [action, reason], drive] of REFUSALS)
  it(`S73 ${what} is refused, and that is one event`, async () => {
    const act = await drive();
    // Who is refused for the first time is told of at once, whatever was refused to others (S79).
    const events = await eventsOf(act);
    expect(events.map((event) => [event.action, event.detail['reason'] ?? null])).toEqual([[action, reason]]);
    expect(events[0]!.outcome).not.toBe('success');
  }, 30_000);

for (const action of Object.keys(DRIVES) as Driven[])
  it(`S73 ${action} is written down once, with what it is about and why`, async () => {
    const events = (await eventsOf(await DRIVES[action]())).filter((event) => event.action === action);
    expect(events).toHaveLength(1);
    const [{ outcome, object_type, detail }] = events as [Seen];
    expect(object_type).not.toBeNull();
    if (outcome !== 'success') expect(detail['reason']).toEqual(expect.any(String));
  }, 30_000);

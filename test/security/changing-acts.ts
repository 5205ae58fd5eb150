import type { AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { OauthClient } from '../support/gate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { ADMIN_ACTS, type AdminAct, CHANGING_NOTHING } from './admin-acts.js';
import { SELF_SERVICE_ACTS } from './self-service-acts.js';
import { VENDOR_ACTS } from './vendor-acts.js';

export type Act = () => Promise<() => Promise<Answer>>;

const NOWHERE = {} as ActScene;

let people = 0;

/** Who and what the acts are done by and on. */
export class ActScene {
  private constructor(
    readonly stage: Stage,
    readonly admin: AppgateClient,
    /** An administrator who owes nothing. */
    readonly free: Player,
    /** An administrator who owes a factor. */
    readonly bound: Player,
    /** Somebody with a factor. */
    readonly seeded: Player,
    /** Of a method that an enforcement names. */
    readonly methodId: string,
  ) {}

  static async open(): Promise<ActScene> {
    const stage = await Stage.open(1);
    const admin = await stage.administrator();
    const free = await stage.addPlayer('free');
    const bound = await stage.addProtected('bound');
    const seeded = await stage.addPlayer('seeded');
    await stage.addUser('unseeded');
    await expecting(200, stage.vault().logIn('unseeded', PASSWORD));
    await stage.makeAdministrator('free');
    await stage.makeAdministrator('bound');
    const methodId = await stage.addMethod('kept');
    await stage.enforce('kept', [bound.entityId]);
    await expecting(204, stage.root.write('sys/auth/kept', { type: 'userpass' }));
    return new ActScene(stage, admin, free, bound, seeded, methodId);
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}

/**
 * One rightful act for every route of both dialects that changes something, prepared when it is called and done by what that gives back.
 * @param scene where they are done; for the names of the routes alone none is needed.
 */
export function changingActs(scene?: ActScene): Record<string, Act> {
  const { stage, admin, free, bound, seeded, methodId } = scene ?? NOWHERE;
  const onStage = (acts: Record<string, AdminAct>): Record<string, Act> =>
    Object.fromEntries(Object.entries(acts).map(([route, act]) => [route, () => act(stage, admin)]));
  /** Somebody with a factor, to be taken away. */
  const doomed = () => stage.addPlayer(`doomed-${(people += 1)}`);
  return {
    ...onStage(ADMIN_ACTS),
    ...onStage(VENDOR_ACTS),
    ...onStage(SELF_SERVICE_ACTS),
    'POST /admin/authentication': async () => () => stage.appgate().authenticate('free', PASSWORD),
    'POST /admin/login': async () => () => stage.appgate().logIn('free', PASSWORD),
    'GET /admin/authorization': async () => {
      const partial = await stage.partial('free');
      return () => partial.authorize();
    },
    'POST /admin/authentication/logout': async () => {
      const final = await stage.appgate().final('free', PASSWORD);
      return () => final.post('/authentication/logout');
    },
    'POST /admin/authentication/otp/initialize': async () => {
      await stage.addUser('beginner');
      const { auth } = (await stage.vault().logIn('beginner', PASSWORD)).body;
      await stage.enforce('for-beginner', [auth.entity_id]);
      const partial = await stage.partial('beginner');
      return () => partial.post('/authentication/otp/initialize', {});
    },
    'POST /admin/authentication/otp': async () => {
      stage.clock.advance(30);
      const partial = await stage.partial('bound');
      return () => partial.submit(stage.code(bound));
    },
    'PUT /admin/admin-mfa-settings': async () => () =>
      admin.put('/admin-mfa-settings', { providerId: DEFAULT_METHOD, exemptedUsers: ['CN=admin,OU=local'] }),
    'DELETE /admin/admin-mfa-settings': async () => {
      await expecting(
        204,
        admin.put('/admin-mfa-settings', {
          providerId: DEFAULT_METHOD,
          exemptedUsers: ['CN=admin,OU=local', 'CN=free,OU=local'],
        }),
      );
      return () => admin.delete('/admin-mfa-settings');
    },
    'DELETE /admin/otp/seeds/:userDN': async () => {
      const { name } = await doomed();
      return () => admin.delete(`/otp/seeds/CN=${name},OU=local`);
    },
    'POST /v1/auth/:mount/login/:username': async () => () => stage.vault().logIn('free', PASSWORD),
    'POST /v1/sys/mfa/validate': async () => {
      stage.clock.advance(30);
      const requestId = await stage.request('bound');
      return () => stage.vault().validate(requestId, stage.code(bound));
    },
    'POST /v1/auth/:mount/users/:username': async () => () =>
      stage.root.write('auth/userpass/users/made', { password: PASSWORD }),
    'DELETE /v1/auth/:mount/users/:username': async () => {
      const { name } = await doomed();
      return () => stage.root.remove(`auth/userpass/users/${name}`);
    },
    'POST /v1/auth/:mount/users/:username/password': async () => () =>
      stage.root.write('auth/userpass/users/seeded/password', { password: `${PASSWORD} 3` }),
    'POST /v1/auth/:mount/users/:username/policies': async () => () =>
      stage.root.write('auth/userpass/users/seeded/policies', { token_policies: ['other'] }),
    'POST /v1/auth/token/renew-self': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      stage.clock.advance(5);
      return () => stage.vault().with(auth.client_token).write('auth/token/renew-self', { increment: 60 });
    },
    'POST /v1/auth/token/revoke-self': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      return () => stage.vault().with(auth.client_token).write('auth/token/revoke-self');
    },
    'POST /v1/auth/token/revoke': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      return () => stage.root.write('auth/token/revoke', { token: auth.client_token });
    },
    'POST /oauth2/revoke': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      return () => OauthClient.with(stage.first.url, stage.first.rootToken).revoke(auth.client_token);
    },
    'POST /v1/auth/token/create': async () => () =>
      stage.root.write('auth/token/create', { policies: 'default' }),
    'POST /v1/auth/token/create-orphan': async () => () =>
      stage.root.write('auth/token/create-orphan', { ttl: '1h' }),
    'POST /v1/auth/token/create/:role_name': async () => {
      await expecting(204, stage.root.write('auth/token/roles/maker', { allowed_policies: 'default' }));
      return () => stage.root.write('auth/token/create/maker');
    },
    'POST /v1/auth/token/roles/:name': async () => () =>
      stage.root.write('auth/token/roles/made', { orphan: true }),
    'DELETE /v1/auth/token/roles/:name': async () => {
      await expecting(204, stage.root.write('auth/token/roles/doomed', {}));
      return () => stage.root.remove('auth/token/roles/doomed');
    },
    'POST /v1/auth/token/renew': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      stage.clock.advance(5);
      return () => stage.root.write('auth/token/renew', { token: auth.client_token, increment: 60 });
    },
    'POST /v1/auth/token/renew-accessor': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      stage.clock.advance(5);
      return () => stage.root.write('auth/token/renew-accessor', { accessor: auth.accessor, increment: 60 });
    },
    'POST /v1/auth/token/revoke-accessor': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      return () => stage.root.write('auth/token/revoke-accessor', { accessor: auth.accessor });
    },
    'POST /v1/auth/token/revoke-orphan': async () => {
      const { auth } = (await stage.vault().logIn('free', PASSWORD)).body;
      return () => stage.root.write('auth/token/revoke-orphan', { token: auth.client_token });
    },
    'POST /v1/identity/mfa/method/totp': async () => () =>
      stage.root.write('identity/mfa/method/totp', { method_name: 'made', issuer: 'Example' }),
    'POST /v1/identity/mfa/method/totp/:method_id': async () => () =>
      stage.root.write(`identity/mfa/method/totp/${methodId}`, { issuer: 'Changed' }),
    'DELETE /v1/identity/mfa/method/:type/:method_id': async () => {
      const id = await stage.addMethod('doomed');
      return () => stage.root.remove(`identity/mfa/method/totp/${id}`);
    },
    'POST /v1/identity/mfa/method/totp/generate': async () => {
      const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
      await expecting(204, stage.root.write('sys/policies/acl/generating', { policy }));
      await expecting(
        204,
        stage.root.write('auth/userpass/users/unseeded', { token_policies: 'generating' }),
      );
      const { auth } = (await stage.vault().logIn('unseeded', PASSWORD)).body;
      return () =>
        stage
          .vault()
          .with(auth.client_token)
          .write('identity/mfa/method/totp/generate', { method_id: DEFAULT_METHOD });
    },
    'POST /v1/identity/mfa/method/totp/admin-generate': async () => () =>
      stage.root.write('identity/mfa/method/totp/admin-generate', {
        method_id: methodId,
        entity_id: free.entityId,
      }),
    'POST /v1/identity/mfa/method/totp/admin-destroy': async () => () =>
      stage.root.write('identity/mfa/method/totp/admin-destroy', {
        method_id: DEFAULT_METHOD,
        entity_id: seeded.entityId,
      }),
    'POST /v1/identity/mfa/method/totp/self-enroll': async () => {
      const openMethod = await stage.addMethod('open', { enable_self_enrollment: true });
      await stage.addUser('newcomer');
      const { auth } = (await stage.vault().logIn('newcomer', PASSWORD)).body;
      await stage.enforce('for-newcomer', [auth.entity_id], [openMethod]);
      const mfa_request_id = await stage.request('newcomer');
      return () =>
        stage
          .vault()
          .write('identity/mfa/method/totp/self-enroll', { mfa_method_id: openMethod, mfa_request_id });
    },
    'POST /v1/identity/mfa/method/totp/self-reset': async () => {
      const player = await stage.addPlayer('replacing');
      const { auth } = (await stage.vault().logIn('replacing', PASSWORD)).body;
      return () =>
        stage
          .vault()
          .with(auth.client_token)
          .write('identity/mfa/method/totp/self-reset', {
            method_id: DEFAULT_METHOD,
            mfa_payload: { default: [stage.code(player)] },
          });
    },
    'POST /v1/identity/mfa/method/totp/self-reset/confirm': async () => {
      const player = await stage.addPlayer('confirming');
      const { auth } = (await stage.vault().logIn('confirming', PASSWORD)).body;
      const token = stage.vault().with(auth.client_token);
      const made = await expecting(
        200,
        token.write('identity/mfa/method/totp/self-reset', {
          method_id: DEFAULT_METHOD,
          mfa_payload: { default: [stage.code(player)] },
        }),
      );
      const fresh = Authenticator.scan(made.body.data.url);
      return () =>
        token.write('identity/mfa/method/totp/self-reset/confirm', {
          method_id: DEFAULT_METHOD,
          passcode: fresh.codeAt(stage.now),
        });
    },
    'POST /v1/identity/mfa/login-enforcement/:name': async () => () =>
      stage.root.write('identity/mfa/login-enforcement/made', {
        mfa_method_ids: [methodId],
        identity_entity_ids: [free.entityId],
      }),
    'DELETE /v1/identity/mfa/login-enforcement/:name': async () => {
      await stage.enforce('doomed', [seeded.entityId], [methodId]);
      return () => stage.root.remove('identity/mfa/login-enforcement/doomed');
    },
    'POST /v1/identity/entity': async () => () => stage.root.write('identity/entity', { name: 'made' }),
    'POST /v1/identity/entity/id/:id': async () => () =>
      stage.root.write(`identity/entity/id/${free.entityId}`, { metadata: { a: 'b' } }),
    'POST /v1/identity/entity/name/:name': async () => () =>
      stage.root.write('identity/entity/name/made', { metadata: { a: 'b' } }),
    'DELETE /v1/identity/entity/id/:id': async () => {
      const { entityId } = await doomed();
      return () => stage.root.remove(`identity/entity/id/${entityId}`);
    },
    'DELETE /v1/identity/entity/name/:name': async () => {
      await stage.root.write('identity/entity', { name: 'doomed' });
      return () => stage.root.remove('identity/entity/name/doomed');
    },
    'POST /v1/identity/entity-alias': async () => {
      const { data } = (await stage.root.write('identity/entity', { name: 'aliased' })).body;
      return () =>
        stage.root.write('identity/entity-alias', {
          name: 'aliased',
          canonical_id: data.id,
          mount_accessor: stage.accessor,
        });
    },
    'POST /v1/identity/entity-alias/id/:id': async () => async () => {
      const [alias] = await stage.rows(`SELECT id FROM accounts WHERE name = 'seeded'`);
      return stage.root.write(`identity/entity-alias/id/${alias!.id}`, {
        custom_metadata: { a: 'b' },
        name: 'seeded',
        canonical_id: seeded.entityId,
        mount_accessor: stage.accessor,
      });
    },
    'DELETE /v1/identity/entity-alias/id/:id': async () => {
      const { name } = await doomed();
      const [alias] = await stage.rows('SELECT id FROM accounts WHERE name = $1', [name]);
      return () => stage.root.remove(`identity/entity-alias/id/${alias!.id}`);
    },
    'POST /v1/identity/entity/batch-delete': async () => {
      const { data } = (await stage.root.write('identity/entity', { name: 'listed' })).body;
      return () => stage.root.write('identity/entity/batch-delete', { entity_ids: [data.id] });
    },
    'POST /v1/identity/entity/merge': async () => {
      const [from, to] = [
        (await stage.root.write('identity/entity', { name: 'merged' })).body.data,
        (await stage.root.write('identity/entity', { name: 'kept' })).body.data,
      ];
      return () =>
        stage.root.write('identity/entity/merge', { from_entity_ids: [from.id], to_entity_id: to.id });
    },
    'POST /v1/identity/group': async () => () => stage.root.write('identity/group', { name: 'made' }),
    'POST /v1/identity/group/id/:id': async () => {
      const { data } = (await stage.root.write('identity/group', { name: 'changed' })).body;
      return () => stage.root.write(`identity/group/id/${data.id}`, { metadata: { a: 'b' } });
    },
    'POST /v1/identity/group/name/:name': async () => () =>
      stage.root.write('identity/group/name/made', { metadata: { a: 'b' } }),
    'DELETE /v1/identity/group/id/:id': async () => {
      const { data } = (await stage.root.write('identity/group', { name: 'doomed' })).body;
      return () => stage.root.remove(`identity/group/id/${data.id}`);
    },
    'DELETE /v1/identity/group/name/:name': async () => {
      await stage.root.write('identity/group', { name: 'doomed-too' });
      return () => stage.root.remove('identity/group/name/doomed-too');
    },
    'POST /v1/identity/group-alias': async () => () =>
      stage.root.write('identity/group-alias', { name: 'made', mount_accessor: stage.accessor }),
    'POST /v1/identity/group-alias/id/:id': async () => {
      const alias = { name: 'before', mount_accessor: stage.accessor };
      const { data } = (await stage.root.write('identity/group-alias', alias)).body;
      return () => stage.root.write(`identity/group-alias/id/${data.id}`, { ...alias, name: 'after' });
    },
    'DELETE /v1/identity/group-alias/id/:id': async () => {
      const alias = { name: 'doomed', mount_accessor: stage.accessor };
      const { data } = (await stage.root.write('identity/group-alias', alias)).body;
      return () => stage.root.remove(`identity/group-alias/id/${data.id}`);
    },
    'POST /v1/sys/policies/acl/:name': async () => () =>
      stage.root.write('sys/policies/acl/made', { policy: '#' }),
    'DELETE /v1/sys/policies/acl/:name': async () => {
      await expecting(204, stage.root.write('sys/policies/acl/doomed', { policy: '#' }));
      return () => stage.root.remove('sys/policies/acl/doomed');
    },
    'POST /v1/sys/policy/:name': async () => () => stage.root.write('sys/policy/made-too', { policy: '#' }),
    'DELETE /v1/sys/policy/:name': async () => {
      await expecting(204, stage.root.write('sys/policy/doomed-too', { policy: '#' }));
      return () => stage.root.remove('sys/policy/doomed-too');
    },
    'POST /v1/sys/auth/:path': async () => () => stage.root.write('sys/auth/made', { type: 'userpass' }),
    'DELETE /v1/sys/auth/:path': async () => {
      await expecting(204, stage.root.write('sys/auth/doomed', { type: 'userpass' }));
      return () => stage.root.remove('sys/auth/doomed');
    },
    'POST /v1/sys/auth/:path/tune': async () => () =>
      stage.root.write('sys/auth/kept/tune', { description: 'tuned' }),
    'POST /v1/sys/mounts/auth/:path/tune': async () => () =>
      stage.root.write('sys/mounts/auth/kept/tune', { description: 'tuned again' }),
    'POST /v1/sys/remount': async () => {
      await expecting(204, stage.root.write('sys/auth/moving', { type: 'userpass' }));
      return () => stage.root.write('sys/remount', { from: 'auth/moving', to: 'auth/moved' });
    },
    'POST /v1/sys/locked-users/:mount_accessor/unlock/:alias': async () => {
      await expecting(400, stage.vault().logIn('unseeded', 'not the password'));
      return () => stage.root.write(`sys/locked-users/${stage.accessor}/unlock/unseeded`);
    },
  };
}

/** Routes of verbs that change things which change nothing, whatever is sent. */
export function idleActs(scene?: ActScene): Record<string, Act> {
  const { stage, admin, free } = scene ?? NOWHERE;
  return {
    ...Object.fromEntries(
      Object.entries(CHANGING_NOTHING).map(([route, act]) => [route, () => act(stage, admin)]),
    ),
    'POST /v1/identity/lookup/entity': async () => () =>
      stage.root.write('identity/lookup/entity', { id: free.entityId }),
    'POST /v1/identity/lookup/group': async () => () =>
      stage.root.write('identity/lookup/group', { name: 'kept' }),
    'POST /v1/sys/capabilities-self': async () => () =>
      stage.root.write('sys/capabilities-self', { paths: ['a'] }),
    'POST /v1/sys/capabilities': async () => () =>
      stage.root.write('sys/capabilities', { token: stage.first.rootToken, paths: ['a'] }),
    'POST /v1/sys/capabilities-accessor': async () => async () => {
      const { data } = (await stage.root.read('auth/token/lookup-self')).body;
      return stage.root.write('sys/capabilities-accessor', { accessor: data.accessor, paths: ['a'] });
    },
    'POST /v1/sys/init': async () => () => stage.root.write('sys/init', {}),
    'POST /oauth2/introspect': async () => () =>
      OauthClient.with(stage.first.url, stage.first.rootToken).introspect(admin.token!),
    'POST /v1/auth/token/lookup': async () => () =>
      stage.root.write('auth/token/lookup', { token: stage.first.rootToken }),
    'POST /v1/auth/token/lookup-accessor': async () => async () => {
      const { data } = (await stage.root.read('auth/token/lookup-self')).body;
      return stage.root.write('auth/token/lookup-accessor', { accessor: data.accessor });
    },
    'DELETE /v1/identity/mfa/method/totp': async () => () => stage.root.remove('identity/mfa/method/totp'),
  };
}

import { randomUUID } from 'node:crypto';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { SHOWN_ON_PURPOSE } from '../support/dump-search.js';
import type { Operation } from '../support/openapi-document.js';
import type { KnownFields } from '../support/schema-inputs.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';
import { COLLECTIONS } from './admin-acts.js';

/** The longest a throttle makes the administrator wait for a new sign-in; seconds. */
const LONGEST_WAIT = 901;

/** A server with something to act on behind every path, and callers who may do everything. */
export class FuzzScene {
  private made = 0;

  private constructor(
    readonly stage: Stage,
    public admin: AppgateClient,
    readonly player: Player,
    private readonly localUserId: string,
    /** A token nobody needs. */
    private readonly spare: { token: string; accessor: string },
  ) {}

  static async open(): Promise<FuzzScene> {
    const stage = await Stage.open(1);
    const admin = await stage.administrator();
    const player = await stage.addPlayer('fuzzed');
    const localUserId = (await admin.get('/local-users?query=fuzzed')).body.data[0].id;
    const { auth } = (await expecting(200, stage.root.write('auth/token/create', { no_parent: true }))).body;
    const spare = { token: auth.client_token, accessor: auth.accessor };
    // It goes into fields of any kind.
    SHOWN_ON_PURPOSE.add(spare.token);
    return new FuzzScene(stage, admin, player, localUserId, spare);
  }

  /** Values that are accepted, for fields that take not just any. */
  get knownFields(): KnownFields {
    const { accessor } = this.stage;
    const { entityId } = this.player;
    return {
      method_id: DEFAULT_METHOD,
      mfa_method_ids: [DEFAULT_METHOD],
      entity_id: entityId,
      canonical_id: entityId,
      identity_entity_ids: [entityId],
      member_entity_ids: [entityId],
      mount_accessor: accessor,
      auth_method_accessors: [accessor],
      userDistinguishedName: 'CN=fuzzed,OU=local',
      password: PASSWORD,
      policy: 'path "x" { capabilities = ["read"] }',
      expression: 'return false;',
      providerName: 'local',
      username: 'fuzzed',
      deviceId: DEVICE,
      ids: [this.localUserId],
      administrativeRoles: [],
      paths: ['sys/auth'],
      ...this.spare,
    };
  }

  /** What a body of a collection needs to be right. */
  sampleOf({ path, method }: Operation): object {
    if (path.startsWith('/v1/identity/lookup/entity')) return { id: this.player.entityId };
    const [, , collection, ...rest] = path.split('/');
    const sample = COLLECTIONS[collection ?? ''];
    if (sample === undefined || rest.length > 1 || (rest[0] ?? '{id}') !== '{id}') return {};
    return { ...sample.fields, ...(method === 'POST' && sample.asNew) };
  }

  /** Signs the administrator in again where an act has ended the token, as some rightly do. */
  async keepAdministrator(): Promise<void> {
    if ((await this.admin.get('/sallyport/me')).status === 200) return;
    this.stage.clock.advance(LONGEST_WAIT);
    this.admin = await this.stage.administrator();
  }

  /** Removes what would change how everything after is judged: rules for sign-ins, and expressions asked with each request. */
  async tidy({ path }: Operation): Promise<void> {
    if (path.includes('/login-enforcement')) await this.stage.rows('DELETE FROM login_enforcements');
    if (path.startsWith('/admin/policies')) await this.stage.rows('DELETE FROM policies WHERE NOT built_in');
  }

  /** A real value for each path parameter of an operation, of an object made for it. */
  async targetsOf({ path, parameters }: Operation): Promise<Record<string, string>> {
    const names = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    if (names.length === 0) return {};
    this.made += 1;
    return path.startsWith('/admin') ? this.adminTargets(path) : this.vaultTargets(path, `fuzz-${this.made}`);
  }

  private async adminTargets(path: string): Promise<Record<string, string>> {
    const dn = 'CN=fuzzed,OU=local';
    const collection = path.split('/')[2]!;
    const sample = COLLECTIONS[collection];
    const targets = { userDN: dn, DN: dn, deviceDN: `CN=${'0'.repeat(32)},${dn}`, accessor: randomUUID() };
    if (sample === undefined) return { ...targets, id: DEFAULT_METHOD };
    const name = `stays ${this.made}`;
    const made = await expecting(
      200,
      this.admin.post(`/${collection}`, { name, ...sample.fields, ...sample.asNew }),
    );
    return { ...targets, id: made.body.id };
  }

  private async vaultTargets(path: string, name: string): Promise<Record<string, string>> {
    const { root } = this.stage;
    if (path.includes('/entity/'))
      return { id: (await expecting(200, root.write('identity/entity', { name }))).body.data.id, name };
    if (path.includes('/group/'))
      return { id: (await expecting(200, root.write('identity/group', { name }))).body.data.id, name };
    if (path.includes('/entity-alias/')) return { id: await this.aliasOf(name) };
    if (path.includes('/mfa/method/')) return { type: 'totp', method_id: await this.stage.addMethod(name) };
    if (path.includes('/login-enforcement/'))
      await this.stage.enforce(name, [
        (await expecting(200, root.write('identity/entity', { name }))).body.data.id,
      ]);
    if (path.includes('/token/')) await expecting(204, root.write(`auth/token/roles/${name}`, {}));
    if (path.includes('/sys/polic'))
      await expecting(
        204,
        root.write(`sys/policies/acl/${name}`, { policy: 'path "x" { capabilities = ["read"] }' }),
      );
    if (path.includes('/sys/auth/') || path.includes('{mount}') || path.includes('{path}'))
      await this.mount(name);
    return {
      name,
      role_name: name,
      path: name,
      mount: name,
      username: 'walker',
      alias: 'walker',
      id: randomUUID(),
    };
  }

  private async aliasOf(name: string): Promise<string> {
    const { root, accessor } = this.stage;
    const { id } = (await expecting(200, root.write('identity/entity', { name }))).body.data;
    const alias = { name, canonical_id: id, mount_accessor: accessor };
    return (await expecting(200, root.write('identity/entity-alias', alias))).body.data.id;
  }

  private async mount(name: string): Promise<void> {
    await expecting(204, this.stage.root.write(`sys/auth/${name}`, { type: 'userpass' }));
    await expecting(204, this.stage.root.write(`auth/${name}/users/walker`, { password: PASSWORD }));
  }
}

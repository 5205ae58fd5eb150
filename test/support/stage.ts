import { AuditFoldsService } from '@sallyport/audit';
import { AppgateClient } from './appgate-client.js';
import { Authenticator } from './authenticator.js';
import { type Sallyport, type SallyportOptions, startSallyport, type TestClock } from './sallyport.js';
import { type Answer, expecting } from './send.js';
import { VaultClient } from './vault-client.js';

export const DEFAULT_METHOD = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';
export const PASSWORD = 'plum-orbit-velvet-93';

export interface Player {
  name: string;
  entityId: string;
  authenticator: Authenticator;
}

/** Replicas over one database, `userpass/` attached, seen through both dialects. */
export class Stage {
  private constructor(
    readonly servers: Sallyport[],
    /** Of `userpass/`. */
    readonly accessor: string,
    private readonly options: SallyportOptions,
  ) {}

  static async open(replicas = 1, options: SallyportOptions = {}): Promise<Stage> {
    const servers = [await startSallyport(options)];
    while (servers.length < replicas)
      servers.push(await startSallyport({ ...options, replicaOf: servers[0] }));
    const root = new VaultClient(servers[0]!.url, servers[0]!.rootToken);
    await expecting(204, root.write('sys/auth/userpass', { type: 'userpass' }));
    const { accessor } = (await expecting(200, root.read('sys/auth/userpass'))).body.data;
    return new Stage(servers, accessor, options);
  }

  async close(): Promise<void> {
    for (const server of this.servers.toReversed()) await server.stop();
  }

  get first(): Sallyport {
    return this.servers[0]!;
  }

  get clock(): TestClock {
    return this.first.clock;
  }

  get now(): Date {
    return this.clock.now();
  }

  appgate(replica = 0): AppgateClient {
    return new AppgateClient(this.servers[replica]!.url);
  }

  vault(replica = 0): VaultClient {
    return new VaultClient(this.servers[replica]!.url);
  }

  get root(): VaultClient {
    return this.vault().with(this.first.rootToken);
  }

  /** A final token of the built-in administrator. */
  administrator(replica = 0): Promise<AppgateClient> {
    return this.appgate(replica).final('admin', this.first.adminPassword);
  }

  async rows<Row extends object = Record<string, any>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.first.database.query(text, values)).rows as Row[];
  }

  async addUser(name: string, fields: object = {}): Promise<void> {
    const path = `auth/userpass/users/${encodeURIComponent(name)}`;
    await expecting(204, this.root.write(path, { password: PASSWORD, ...fields }));
  }

  /** A user who has shown up once and holds a bound seed of the method. */
  async addPlayer(name: string, methodId = DEFAULT_METHOD, fields: object = {}): Promise<Player> {
    await this.addUser(name, fields);
    const { auth } = (await expecting(200, this.vault().logIn(name, PASSWORD))).body;
    return { name, entityId: auth.entity_id, authenticator: await this.seed(auth.entity_id, methodId) };
  }

  /** A seed made by an administrator at `/v1`. */
  async seed(entityId: string, methodId = DEFAULT_METHOD): Promise<Authenticator> {
    const path = 'identity/mfa/method/totp/admin-generate';
    const made = await expecting(200, this.root.write(path, { method_id: methodId, entity_id: entityId }));
    return Authenticator.scan(made.body.data.url);
  }

  async addMethod(name: string, fields: object = {}): Promise<string> {
    const path = 'identity/mfa/method/totp';
    const made = await expecting(
      200,
      this.root.write(path, { method_name: name, issuer: 'Example', ...fields }),
    );
    return made.body.data.method_id;
  }

  /** From now on these people owe one of the methods. */
  async enforce(name: string, entityIds: string[], methodIds = [DEFAULT_METHOD]): Promise<void> {
    const path = `identity/mfa/login-enforcement/${name}`;
    await expecting(
      204,
      this.root.write(path, { mfa_method_ids: methodIds, identity_entity_ids: entityIds }),
    );
  }

  /** A player who owes the built-in method. */
  async addProtected(name: string): Promise<Player> {
    const player = await this.addPlayer(name);
    await this.enforce(`for-${name}`, [player.entityId]);
    return player;
  }

  /** The right code of now, or of `steps` periods later. */
  code({ authenticator }: Player, steps = 0): string {
    return authenticator.codeAt(this.now, steps);
  }

  wrong({ authenticator }: Player): string {
    return authenticator.wrongAt(this.now)[0]!;
  }

  /** The id of a login that waits for its second factor. */
  async request(name: string, replica = 0): Promise<string> {
    const { auth } = (await expecting(200, this.vault(replica).logIn(name, PASSWORD))).body;
    return auth.mfa_requirement.mfa_request_id;
  }

  /** One code 200 times at once, over two replicas and five sign-ins of each dialect. */
  async race(player: Player): Promise<{ code: string; answers: Answer[] }> {
    const partials = await together(5, () => this.partial(player.name));
    const requests = await together(5, () => this.request(player.name));
    const code = this.code(player);
    const answers = await together(200, (index) => {
      const replica = index % 2;
      const which = Math.floor(index / 4) % 5;
      if (index % 4 < 2) return this.vault(replica).validate(requests[which]!, code);
      return partials[which]!.at(this.servers[replica]!.url).submit(code);
    });
    return { code, answers };
  }

  /** A whole login at `/v1` with a fresh code; the clock moves one period first, so that the code is unused. */
  async vaultToken(player: Player, replica = 0): Promise<string> {
    this.clock.advance(30);
    const requestId = await this.request(player.name, replica);
    const { auth } = (await expecting(200, this.vault(replica).validate(requestId, this.code(player)))).body;
    return auth.client_token;
  }

  partial(name: string, replica = 0): Promise<AppgateClient> {
    return this.appgate(replica).partial(name, PASSWORD);
  }

  /** A role with everything, given to one user; as rows, for tests of other things. */
  async makeAdministrator(name: string): Promise<void> {
    await this.plantPolicy(`policy of ${name}`, `return claims.user.username === ${JSON.stringify(name)};`);
  }

  /** A policy that gives the built-in administrator role. */
  async plantPolicy(name: string, expression: string): Promise<void> {
    await this.rows(
      `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
       SELECT gen_random_uuid(), $1, lower($1), 'Admin', $2, ARRAY[id], now(), now()
       FROM administrative_roles WHERE built_in`,
      [name, expression],
    );
  }

  /** All replicas tell of the refusals they folded, as each does once a second, and what one of them was at already is told as well. */
  async unfold(): Promise<void> {
    await Promise.all(this.servers.map(({ app }) => app.get(AuditFoldsService, { strict: false }).unfold()));
    await this.rows('SELECT 1 FROM audit_folds FOR UPDATE');
  }

  /** Stops a replica and starts it anew over the same database, under another port. */
  async restart(replica: number): Promise<void> {
    const other = this.servers.find((_, index) => index !== replica)!;
    await this.servers[replica]!.stop();
    this.servers[replica] = await startSallyport({ ...this.options, replicaOf: other });
  }
}

/** How many of the answers have this status. */
export function count(answers: Answer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

/** Starts `times` calls at once. */
export function together<T>(times: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => call(index)));
}

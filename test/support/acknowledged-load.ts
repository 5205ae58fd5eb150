import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AppgateClient } from './appgate-client.js';
import { Authenticator } from './authenticator.js';
import { type Answer, expecting } from './send.js';
import { DEFAULT_METHOD, PASSWORD } from './stage.js';
import { isUnavailable } from './unavailable.js';
import { VaultClient } from './vault-client.js';

export interface LoadTarget {
  /** Asked before each request. */
  url(): string;
  rootToken: string;
  adminPassword: string;
}

/** What may happen to a request beside its right answer: `unavailable` is the dialect's 503, `broken` a lost connection. */
export type Interruption = 'unavailable' | 'broken';

/** What a client was told of one thing: the state it was acknowledged in, and those it may be in besides. */
interface Told<State> {
  acknowledged: State;
  doubtful: Set<State>;
  busy?: boolean;
}

interface Player {
  name: string;
  entityId: string;
  authenticator: Authenticator;
  /** The latest step it was used for. */
  step: number;
  steps: number[];
  busy?: boolean;
}

export interface LoadSize {
  plain: number;
  players: number;
  roles: number;
  /** Workers of each kind of work. */
  workers: number;
}

const PERIOD_MS = 30_000;

/**
 * Sign-ins of both kinds, edits of roles, users made and deleted, tokens revoked, over and over by the clock of the process; with a
 * record of everything that was acknowledged, to be held against the tables (S90).
 */
export class AcknowledgedLoad {
  readonly tokens = new Map<string, Told<'live' | 'revoked'>>();
  readonly users = new Map<string, Told<'there' | 'gone'>>();
  readonly roles = new Map<string, Told<string>>();
  /** The text of every edit that was asked for, and whether it was acknowledged. */
  readonly edits = new Map<string, boolean>();
  readonly players: Player[] = [];
  readonly spent: { player: Player; code: string; at: number }[] = [];
  /** Answers that are neither right nor an interruption that was expected. */
  readonly surprises: string[] = [];
  readonly counts = { right: 0, unavailable: 0, broken: 0 };
  /** When the latest right answer came (performance.now). */
  latest = 0;

  private running: Promise<void>[] = [];
  private stopping = false;
  private expected: readonly Interruption[] = [];
  private made = 0;

  private constructor(
    private readonly target: LoadTarget,
    private readonly plain: string[],
    private admin: AppgateClient,
  ) {}

  /** Makes the people and roles the load works with. */
  static async prepare(target: LoadTarget, size: LoadSize): Promise<AcknowledgedLoad> {
    const origin = target.url();
    const root = new VaultClient(origin, target.rootToken);
    await soon(204, () => root.write('sys/auth/userpass', { type: 'userpass' }));
    // Lost tries count as failures (S06): as many as there may be.
    await soon(204, () =>
      root.write('sys/auth/userpass/tune', { user_lockout_config: { lockout_threshold: '10' } }),
    );
    const plain = Array.from({ length: size.plain }, (_, index) => `plain-${index}`);
    for (const name of plain)
      await soon(204, () => root.write(`auth/userpass/users/${name}`, { password: PASSWORD }));
    const anonymous = new AppgateClient(origin);
    const entered = await soon(200, () => anonymous.logIn('admin', target.adminPassword));
    const admin = anonymous.with(entered.body.token);
    const load = new AcknowledgedLoad(target, plain, admin);
    for (let index = 0; index < size.players; index += 1)
      load.players.push(await addPlayer(root, `player-${index}`));
    for (let index = 0; index < size.roles; index += 1) {
      const made = await soon(200, () =>
        admin.post('/administrative-roles', { name: `role-${index}`, notes: 'v0', privileges: [] }),
      );
      load.roles.set(made.body.id, { acknowledged: 'v0', doubtful: new Set() });
    }
    return load;
  }

  begin(workers: number): void {
    this.stopping = false;
    const kinds = [
      () => this.signIn(),
      () => this.proveCode(),
      () => this.editRole(),
      () => this.changeUsers(),
    ];
    for (let worker = 0; worker < workers; worker += 1)
      for (const work of kinds) this.running.push(this.repeat(work));
  }

  /** From now on requests may be interrupted in these ways, and in no others. */
  expect(...interruptions: Interruption[]): void {
    this.expected = interruptions;
  }

  async end(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running.splice(0));
  }

  /** Waits until so many more requests were answered rightly. @throws Error where they are not in time. */
  async progress(answers: number, patience = 60_000): Promise<void> {
    const enough = this.counts.right + answers;
    const deadline = performance.now() + patience;
    while (this.counts.right < enough) {
      if (performance.now() > deadline)
        throw new Error(`too few right answers in ${patience} ms; ${JSON.stringify(this.counts)}`);
      await pause(10);
    }
  }

  private async repeat(work: () => Promise<void>): Promise<void> {
    while (!this.stopping) {
      const before = this.counts.right;
      await work();
      if (this.counts.right === before) await pause(100);
    }
  }

  private async signIn(): Promise<void> {
    const name = this.plain[randomInt(this.plain.length)]!;
    const answer = await this.ask('login', [200], () => this.vault().logIn(name, PASSWORD));
    if (answer === null) return;
    const accessor: string = answer.body.auth.accessor;
    const token: string = answer.body.auth.client_token;
    const told: Told<'live' | 'revoked'> = { acknowledged: 'live', doubtful: new Set() };
    this.tokens.set(accessor, told);
    // A token that was handed out is there.
    await this.ask('look-up', [200], () => this.vault(token).read('auth/token/lookup-self'));
    if (randomInt(3) > 0) return;
    await this.change(told, 'revoked', 'revoke', [204], () =>
      this.vault(this.target.rootToken).write('auth/token/revoke', { token }),
    );
  }

  private async proveCode(): Promise<void> {
    const step = Math.floor(Date.now() / PERIOD_MS);
    // Of this moment or the next, never of one that may be over when it arrives.
    const player = this.players.find(({ busy, step: latest }) => !busy && latest <= step);
    if (player === undefined) return pause(200);
    player.step = Math.max(player.step + 1, step);
    player.steps.push(player.step);
    player.busy = true;
    await this.proveOnce(player);
    player.busy = false;
  }

  private async proveOnce(player: Player): Promise<void> {
    const at = player.step * PERIOD_MS;
    const code = player.authenticator.codeAt(new Date(at));
    const proven = await this.prove(player.name, code, [200]);
    if (proven === 'token') this.spent.push({ player, code, at });
    if (proven !== 'doubt') return;
    // Trying again is safe: the code is free, or it was spent and its token lost (S91).
    for (let tries = 0; tries < 100 && !this.stopping; tries += 1) {
      await pause(100);
      const again = await this.prove(player.name, code, [200, 403]);
      if (again === 'token') this.spent.push({ player, code, at });
      if (again === 'token' || again === 'refused') return;
    }
  }

  private async prove(
    name: string,
    code: string,
    right: number[],
  ): Promise<'token' | 'refused' | 'doubt' | 'no request'> {
    const begun = await this.ask('login', [200], () => this.vault().logIn(name, PASSWORD));
    if (begun === null) return 'no request';
    const { mfa_request_id: requestId } = begun.body.auth.mfa_requirement;
    const answer = await this.ask('validate', right, () => this.vault().validate(requestId, code));
    if (answer === null) return 'doubt';
    if (answer.status !== 200) return 'refused';
    this.tokens.set(answer.body.auth.accessor, { acknowledged: 'live', doubtful: new Set() });
    return 'token';
  }

  private async editRole(): Promise<void> {
    // One at a time for each role: what is acknowledged last is what it is.
    const free = [...this.roles].filter(([, { busy }]) => !busy);
    if (free.length === 0) return;
    const [id, told] = free[randomInt(free.length)]!;
    told.busy = true;
    this.made += 1;
    const notes = `v${this.made}`;
    const name = `role-${[...this.roles.keys()].indexOf(id)}`;
    this.edits.set(notes, false);
    await this.change(told, notes, 'edit', [200], () =>
      this.admin.at(this.target.url()).put(`/administrative-roles/${id}`, { name, notes, privileges: [] }),
    );
    if (told.acknowledged === notes) this.edits.set(notes, true);
    told.busy = false;
  }

  private async changeUsers(): Promise<void> {
    this.made += 1;
    const name = `made-${this.made}`;
    const told: Told<'there' | 'gone'> = { acknowledged: 'gone', doubtful: new Set() };
    this.users.set(name, told);
    const root = this.vault(this.target.rootToken);
    const path = `auth/userpass/users/${name}`;
    await this.change(told, 'there', 'make', [204], () => root.write(path, { password: PASSWORD }));
    if (told.doubtful.size > 0 || randomInt(3) > 0) return;
    await this.change(told, 'gone', 'delete', [204], () => root.at(this.target.url()).remove(path));
  }

  private async change<State>(
    told: Told<State>,
    state: State,
    name: string,
    right: number[],
    call: () => Promise<Answer>,
  ): Promise<void> {
    told.doubtful.add(state);
    if ((await this.ask(name, right, call)) === null) return;
    told.acknowledged = state;
    told.doubtful.clear();
  }

  /** @returns the right answer, or null after an interruption. */
  private async ask(name: string, right: number[], call: () => Promise<Answer>): Promise<Answer | null> {
    const answer = await call().catch((error: Error) => error);
    if (answer instanceof Error) return this.interrupted('broken', `${name}: ${answer.message}`);
    if (right.includes(answer.status)) {
      this.counts.right += 1;
      this.latest = performance.now();
      return answer;
    }
    const text = `${name}: ${answer.status} ${answer.text.slice(0, 300)}`;
    if (isUnavailable(answer)) return this.interrupted('unavailable', text);
    this.surprises.push(text);
    return null;
  }

  private interrupted(how: Interruption, text: string): null {
    this.counts[how] += 1;
    if (!this.expected.includes(how)) this.surprises.push(text);
    return null;
  }

  private vault(token: string | null = null): VaultClient {
    return new VaultClient(this.target.url(), token);
  }
}

async function addPlayer(root: VaultClient, name: string): Promise<Player> {
  await soon(204, () => root.write(`auth/userpass/users/${name}`, { password: PASSWORD }));
  const { auth } = (await soon(200, () => root.with(null).logIn(name, PASSWORD))).body;
  const entityId: string = auth.entity_id;
  const made = await soon(200, () =>
    root.write('identity/mfa/method/totp/admin-generate', { method_id: DEFAULT_METHOD, entity_id: entityId }),
  );
  const rule = { mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [entityId] };
  await soon(204, () => root.write(`identity/mfa/login-enforcement/for-${name}`, rule));
  return { name, entityId, authenticator: Authenticator.scan(made.body.data.url), step: 0, steps: [] };
}

/** On a machine that is busy a server that has just started may say 503 first. */
async function soon(status: number, call: () => Promise<Answer>): Promise<Answer> {
  for (let left = 20; ; left -= 1) {
    const answer = await call();
    if (left === 0 || !isUnavailable(answer)) return expecting(status, Promise.resolve(answer));
    await pause(250);
  }
}

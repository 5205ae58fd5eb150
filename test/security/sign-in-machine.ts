import type { AppgateClient } from '../support/appgate-client.js';
import { TokensService } from '@sallyport/tokens';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Stage } from '../support/stage.js';

const PERIOD = 30;
/** Seconds a handle of each dialect opens the further steps (S36). */
const LIFE = { admin: 600, vault: 300 };

export type MethodName = 'default' | 'second';
export const METHODS: MethodName[] = ['default', 'second'];

/** Which code is typed for a method. */
export type CodeKind = 'present' | 'before' | 'after' | 'far' | 'wrong' | 'replayed' | 'of the seed before';

/** `owed`: whichever the sign-in still lacks, as far as the model knows. */
type TypedCode = [method: MethodName | 'owed', kind: CodeKind];

/** What must be proven: any one method of each rule that holds. */
export const RULES = { 'for-default': ['default'], 'for-second': ['second'], 'for-any': METHODS } as const;
export type RuleName = keyof typeof RULES;

/** A seed as the model knows it. */
interface Seed {
  authenticator: Authenticator;
  /** The steps whose codes were taken. */
  spent: number[];
  lastCode: string | null;
}

interface SignIn {
  dialect: 'admin' | 'vault';
  /** The partial token or the request id it is continued with. */
  handle: string;
  since: number;
  /** What the password was when it was proven. */
  password: string;
  proven: Map<MethodName, Seed>;
  provisional: Authenticator | null;
  finished: boolean;
}

/** One person's sign-ins against the server, and beside them the model: what the person has proven, and which codes are gone. */
export class SignInMachine {
  private readonly seeds = new Map<MethodName, Seed>();
  private readonly former = new Map<MethodName, Authenticator>();
  private readonly rules = new Set<RuleName>();
  private readonly signIns: SignIn[] = [];
  private password = PASSWORD;
  private disabled = false;
  /** Full tokens that were issued, by how many factors were proven for them. */
  readonly issued: [none: number, one: number, two: number] = [0, 0, 0];
  /** Steps that were refused and left everything as it was. */
  refused = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly name: string,
    private readonly entityId: string,
    private readonly methodIds: Record<MethodName, string>,
    private readonly photograph: () => Promise<Map<string, string>>,
  ) {}

  static async open(
    stage: Stage,
    name: string,
    second: string,
    photograph: () => Promise<Map<string, string>>,
    rules: RuleName[],
  ): Promise<SignInMachine> {
    await stage.addUser(name);
    const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
    const methodIds = { default: DEFAULT_METHOD, second };
    const machine = new SignInMachine(stage, name, auth.entity_id, methodIds, photograph);
    for (const method of METHODS) await machine.bind(method);
    for (const rule of rules) await machine.rule(rule);
    return machine;
  }

  // What the person does.

  /** The password: right, or not; at `/admin` for a partial token, at `/v1` for a request. */
  async begin(dialect: SignIn['dialect'], right: boolean, replica: number): Promise<void> {
    const password = right ? this.password : 'not the password';
    const answer = await this.step(() =>
      dialect === 'admin'
        ? this.stage.appgate(replica).authenticate(this.name, password)
        : this.stage.vault(replica).logIn(this.name, password),
    );
    if (answer.status !== 200) return;
    this.hold(right, 'a wrong password was taken');
    const signIn = this.fresh(dialect, answer.body.token ?? answer.body.auth.mfa_requirement?.mfa_request_id);
    const secret = answer.body.auth?.client_token;
    if (secret) await this.judge(signIn, secret);
    else this.signIns.push(signIn);
  }

  /** Password and token in one request of `/admin`. */
  async logIn(right: boolean, replica: number): Promise<void> {
    const answer = await this.step(() =>
      this.stage.appgate(replica).logIn(this.name, right ? this.password : 'not the password'),
    );
    if (answer.status !== 200) return;
    this.hold(right, 'a wrong password was taken');
    await this.judge(this.fresh('admin', ''), answer.body.token);
  }

  /** Password and codes in one request of `/v1`. */
  async logInWithCodes(codes: TypedCode[], replica: number): Promise<void> {
    const typed = this.typed(codes);
    const lines = [...typed].map(([method, code]) => `${this.methodIds[method]}:${code}`);
    const answer = await this.step(() => this.stage.vault(replica).logIn(this.name, this.password, lines));
    const secret = answer.body?.auth?.client_token;
    if (answer.status !== 200 || !secret) return;
    const signIn = this.fresh('vault', '');
    await this.spendAll(signIn, typed, secret);
    await this.judge(signIn, secret);
  }

  /** One code for a sign-in of `/admin`, or some for one of `/v1`. */
  async prove(index: number, codes: TypedCode[], replica: number): Promise<void> {
    const signIn = this.pick(index);
    if (signIn === undefined) return;
    const typed = this.typed(codes, signIn);
    await this.took(signIn, typed, await this.step(() => this.submit(signIn, typed, replica)));
  }

  /** The same code at once for two sign-ins, each at a replica of its own. */
  async race(indexes: [number, number], method: MethodName): Promise<void> {
    const signIns = indexes.map((index) => this.pick(index)).filter((signIn) => signIn !== undefined);
    const typed = this.typed([[method, 'present']]);
    const answers = await Promise.all(signIns.map((signIn, replica) => this.submit(signIn, typed, replica)));
    for (const [at, answer] of answers.entries()) await this.took(signIns[at]!, typed, answer);
  }

  async initialize(index: number, replica: number): Promise<void> {
    const signIn = this.pick(index);
    if (signIn?.dialect !== 'admin') return;
    const client = this.client(signIn, replica);
    const answer = await this.step(() => client.post('/authentication/otp/initialize', {}));
    if (answer.status !== 200 || !answer.body.secret) return;
    this.hold(
      METHODS.some((method) => !this.seeds.has(method)),
      'a seed was shown where every method has one',
    );
    this.holdAlive(signIn);
    signIn.provisional = Authenticator.scan(answer.body.otpAuthUrl);
  }

  async authorize(index: number, replica: number): Promise<void> {
    const signIn = this.pick(index);
    if (signIn?.dialect !== 'admin') return;
    const answer = await this.step(() => this.client(signIn, replica).authorize());
    if (answer.status !== 200) return;
    this.holdAlive(signIn);
    await this.judge(signIn, answer.body.token);
    signIn.finished = true;
  }

  async logOut(index: number, replica: number): Promise<void> {
    const signIn = this.pick(index);
    if (signIn?.dialect !== 'admin') return;
    const answer = await this.step(() => this.client(signIn, replica).post('/authentication/logout'));
    if (answer.status === 204) this.signIns.splice(this.signIns.indexOf(signIn), 1);
  }

  // What is done to the person.

  async rule(name: RuleName): Promise<void> {
    const path = `${name}-${this.name}`;
    if (this.rules.delete(name))
      return void (await expecting(204, this.stage.root.remove(`identity/mfa/login-enforcement/${path}`)));
    await this.stage.enforce(
      path,
      [this.entityId],
      RULES[name].map((method) => this.methodIds[method]),
    );
    this.rules.add(name);
  }

  /** A new seed where there is none. */
  async bind(method: MethodName): Promise<void> {
    if (this.seeds.has(method)) return;
    this.remember(method, await this.stage.seed(this.entityId, this.methodIds[method]));
  }

  async reset(method: MethodName): Promise<void> {
    const reset = { method_id: this.methodIds[method], entity_id: this.entityId };
    await expecting(204, this.stage.root.write('identity/mfa/method/totp/admin-destroy', reset));
    const seed = this.seeds.get(method);
    if (seed !== undefined) this.former.set(method, seed.authenticator);
    this.seeds.delete(method);
  }

  async setDisabled(disabled: boolean): Promise<void> {
    await this.stage.root.write(`identity/entity/id/${this.entityId}`, { disabled });
    this.disabled = disabled;
  }

  async changePassword(): Promise<void> {
    this.password = `${this.password}+`;
    const path = `auth/userpass/users/${this.name}/password`;
    await expecting(204, this.stage.root.write(path, { password: this.password }));
  }

  /** What seeds made from now on are like; those there are stay as they are. */
  async changeMethod(fields: object): Promise<void> {
    const path = `identity/mfa/method/totp/${this.methodIds.second}`;
    await expecting(
      204,
      this.stage.root.write(path, { issuer: 'Example', method_name: 'second', ...fields }),
    );
  }

  move(seconds: number): void {
    this.stage.clock.advance(seconds);
  }

  // What must hold.

  /** A full token: everything it stands for was proven in its sign-in, with seeds and a password that still count. */
  private async judge(signIn: SignIn, secret: string): Promise<void> {
    this.issued[signIn.proven.size as 0 | 1 | 2] += 1;
    this.hold(!this.disabled, 'a token for a disabled person');
    this.hold(signIn.password === this.password, 'a token for a password that was changed');
    for (const rule of this.rules)
      this.hold(
        RULES[rule].some(
          (method) => signIn.proven.has(method) && signIn.proven.get(method) === this.seeds.get(method),
        ),
        `a token without what ${rule} wants`,
      );
    const factors = await this.factorsOf(secret);
    this.hold(
      factors.length === signIn.proven.size && factors.every((method) => signIn.proven.has(method)),
      `a token that says it proved ${factors.join()} where it was ${[...signIn.proven.keys()].join()}`,
    );
  }

  private async took(signIn: SignIn, typed: Map<MethodName, string>, answer: Answer): Promise<void> {
    if (answer.status !== 200) return;
    this.holdAlive(signIn);
    if (signIn.dialect === 'vault') {
      const secret = answer.body.auth.client_token;
      this.hold(!signIn.finished, 'a request that was used twice');
      signIn.finished = true;
      await this.spendAll(signIn, typed, secret);
      return this.judge(signIn, secret);
    }
    const [method, code] = [...typed][0]!;
    if (signIn.provisional !== null && !this.stepsOf(signIn.provisional, code).isEmpty())
      await this.adopt(signIn);
    this.spend(signIn, this.takenBy(code) ?? method, code);
    signIn.handle = answer.body.token;
    signIn.since = this.stage.now.getTime();
  }

  /** The first right code of a provisional seed binds it, where none was. */
  private async adopt(signIn: SignIn): Promise<void> {
    const rows = await this.stage.rows<{ method_id: string }>(
      'SELECT method_id FROM totp_enrollments WHERE principal_id = $1',
      [this.entityId],
    );
    const bound = METHODS.filter((method) => rows.some((row) => row.method_id === this.methodIds[method]));
    const made = bound.filter((method) => !this.seeds.has(method));
    this.hold(made.length === 1, 'a provisional seed took the place of a bound one');
    this.remember(made[0]!, signIn.provisional!);
    signIn.provisional = null;
  }

  private async spendAll(signIn: SignIn, typed: Map<MethodName, string>, secret: string): Promise<void> {
    for (const method of await this.factorsOf(secret)) {
      this.hold(typed.has(method), `a proof of ${method} without a code`);
      this.spend(signIn, method, typed.get(method)!);
    }
  }

  private spend(signIn: SignIn, method: MethodName, code: string): void {
    const seed = this.seeds.get(method);
    this.hold(seed !== undefined, `a code of ${method} taken without a seed`);
    const step = this.stepsOf(seed!.authenticator, code).find((one) => one > Math.max(-1, ...seed!.spent));
    this.hold(step !== undefined, `a code of ${method} that is wrong, old or spent was taken`);
    seed!.spent.push(step!);
    seed!.lastCode = code;
    signIn.proven.set(method, seed!);
  }

  private holdAlive({ dialect, since }: SignIn): void {
    const age = (this.stage.now.getTime() - since) / 1000;
    this.hold(age <= LIFE[dialect], `a handle of ${age} s was taken`);
  }

  private hold(truth: boolean, otherwise: string): void {
    if (!truth) throw new Error(otherwise);
  }

  /** Takes a step; one that is refused must leave everything as it was. */
  private async step(take: () => Promise<Answer>): Promise<Answer> {
    const before = await this.photograph();
    const answer = await take();
    this.hold(answer.status < 500, `answered ${answer.status} ${answer.text}`);
    if (answer.status < 400) return answer;
    const after = await this.photograph();
    const changed = [...after].flatMap(([table, rows]) => (rows === before.get(table) ? [] : [table]));
    this.hold(
      changed.length === 0,
      `refused with ${answer.status} ${answer.text}, and yet changed ${changed.join()}`,
    );
    this.refused += 1;
    return answer;
  }

  // What is typed.

  private submit(signIn: SignIn, typed: Map<MethodName, string>, replica: number): Promise<Answer> {
    if (signIn.dialect === 'admin')
      return this.client(signIn, replica).submit([...typed.values()][0] ?? '000000');
    const payload = Object.fromEntries([...typed].map(([method, code]) => [this.methodIds[method], [code]]));
    const body = { mfa_request_id: signIn.handle, mfa_payload: payload };
    return this.stage.vault(replica).write('sys/mfa/validate', body);
  }

  private typed(codes: TypedCode[], signIn?: SignIn): Map<MethodName, string> {
    return new Map(
      codes.map(([choice, kind]) => {
        const method = choice === 'owed' ? this.owedBy(signIn) : choice;
        return [method, this.codeOf(method, kind, signIn)];
      }),
    );
  }

  private owedBy(signIn?: SignIn): MethodName {
    const open = [...this.rules].filter((rule) => !RULES[rule].some((method) => signIn?.proven.has(method)));
    const methods = open.flatMap((rule) => [...RULES[rule]]);
    return methods.find((method) => this.seeds.has(method)) ?? methods[0] ?? 'default';
  }

  private codeOf(method: MethodName, kind: CodeKind, signIn?: SignIn): string {
    const seed = this.seeds.get(method);
    const authenticator = seed?.authenticator ?? signIn?.provisional;
    const now = this.stage.now;
    if (kind === 'of the seed before') return this.former.get(method)?.codeAt(now) ?? '000000';
    if (kind === 'replayed') return seed?.lastCode ?? '000000';
    if (!authenticator) return '000000';
    if (kind === 'wrong') return authenticator.wrongAt(now)[0]!;
    return authenticator.codeAt(now, { present: 0, before: -1, after: 1, far: 3 }[kind]);
  }

  /** Steps of the window whose code this is. */
  private stepsOf(authenticator: Authenticator, code: string): number[] & { isEmpty(): boolean } {
    const present = Math.floor(this.stage.now.getTime() / 1000 / PERIOD);
    const steps = [-1, 0, 1].filter((offset) => authenticator.codeAt(this.stage.now, offset) === code);
    const found = steps.map((offset) => present + offset);
    return Object.assign(found, { isEmpty: () => found.length === 0 });
  }

  private takenBy(code: string): MethodName | undefined {
    return METHODS.find((method) => {
      const seed = this.seeds.get(method);
      return seed !== undefined && !this.stepsOf(seed.authenticator, code).isEmpty();
    });
  }

  private async factorsOf(secret: string): Promise<MethodName[]> {
    const checked = await this.stage.first.app.get(TokensService, { strict: false }).check(secret);
    this.hold(checked?.state === 'live', 'a token that is dead when it is issued');
    const ids = (checked as unknown as { token: { factors: { methodId: string }[] } }).token.factors.map(
      ({ methodId }) => methodId,
    );
    return METHODS.filter((method) => ids.includes(this.methodIds[method]));
  }

  private remember(method: MethodName, authenticator: Authenticator): void {
    this.seeds.set(method, { authenticator, spent: [], lastCode: null });
  }

  private fresh(dialect: SignIn['dialect'], handle: string): SignIn {
    const since = this.stage.now.getTime();
    const { password } = this;
    return { dialect, handle, since, password, proven: new Map(), provisional: null, finished: false };
  }

  private pick(index: number): SignIn | undefined {
    return this.signIns.at(-1 - (index % Math.max(1, this.signIns.length)));
  }

  private client({ handle }: SignIn, replica: number): AppgateClient {
    return this.stage.appgate(replica).with(handle);
  }
}

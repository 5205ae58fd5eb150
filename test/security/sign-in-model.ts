import { TokensService } from '@sallyport/tokens';
import type { AppgateClient } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import type { Answer } from '../support/send.js';
import { PASSWORD, type Stage } from '../support/stage.js';

const PERIOD = 30;
/** Seconds a handle of each dialect opens the further steps (S36). */
const LIFE = { admin: 600, vault: 300 };

export type MethodName = 'default' | 'second';
export const METHODS: MethodName[] = ['default', 'second'];

/** Which code is typed for a method. */
export type CodeKind = 'present' | 'before' | 'after' | 'far' | 'wrong' | 'replayed' | 'of the seed before';

/** `owed`: whichever the sign-in still lacks, as far as the model knows. */
export type TypedCode = [method: MethodName | 'owed', kind: CodeKind];

/** What must be proven: any one method of each rule that holds. */
export const RULES = { 'for-default': ['default'], 'for-second': ['second'], 'for-any': METHODS } as const;
export type RuleName = keyof typeof RULES;

/** A seed as the model knows it. */
export interface Seed {
  authenticator: Authenticator;
  /** The steps whose codes were taken. */
  spent: number[];
  lastCode: string | null;
}

export interface SignIn {
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

/** What the admin MFA settings say of the person: nothing, the built-in method, or that it is exempt. */
export type AdminSetting = 'off' | 'on' | 'exempt';

/** A replacement the person has begun by a token of `/v1`. */
interface Waiting {
  method: MethodName;
  token: string;
  /** The seed it is to replace. */
  old: Seed;
  authenticator: Authenticator;
}

/** What a person has proven and which codes are gone, beside the server; and what must hold of every answer. */
export class SignInModel {
  protected readonly seeds = new Map<MethodName, Seed>();
  protected readonly former = new Map<MethodName, Authenticator>();
  protected readonly rules = new Set<RuleName>();
  protected readonly signIns: SignIn[] = [];
  protected password = PASSWORD;
  protected disabled = false;
  protected setting: AdminSetting = 'off';
  protected waiting: Waiting | null = null;
  /** The latest full token of `/v1`. */
  protected ownToken: string | null = null;
  /** Full tokens that were issued, by how many factors were proven for them. */
  readonly issued: [none: number, one: number, two: number] = [0, 0, 0];
  /** Steps that were refused and left everything as it was. */
  refused = 0;
  /** Seeds the person has bound or replaced without an administrator. */
  ownSeeds = 0;

  constructor(
    protected readonly stage: Stage,
    protected readonly name: string,
    protected readonly entityId: string,
    protected readonly methodIds: Record<MethodName, string>,
    private readonly photograph: () => Promise<Map<string, string>>,
  ) {}

  // What must hold.

  /** A full token: everything it stands for was proven in its sign-in, with seeds and a password that still count. */
  protected async judge(signIn: SignIn, secret: string): Promise<void> {
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
    const asked = signIn.proven.get('default');
    this.hold(
      this.setting !== 'on' || (asked !== undefined && asked === this.seeds.get('default')),
      'a token without what the admin MFA settings want',
    );
    if (signIn.dialect === 'vault') this.ownToken = secret;
    const factors = await this.factorsOf(secret);
    this.hold(
      factors.length === signIn.proven.size && factors.every((method) => signIn.proven.has(method)),
      `a token that says it proved ${factors.join()} where it was ${[...signIn.proven.keys()].join()}`,
    );
  }

  protected async took(signIn: SignIn, typed: Map<MethodName, string>, answer: Answer): Promise<void> {
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
  protected async adopt(signIn: SignIn): Promise<void> {
    const rows = await this.stage.rows<{ method_id: string }>(
      'SELECT method_id FROM totp_enrollments WHERE principal_id = $1',
      [this.entityId],
    );
    const bound = METHODS.filter((method) => rows.some((row) => row.method_id === this.methodIds[method]));
    const made = bound.filter((method) => !this.seeds.has(method));
    this.hold(made.length === 1, 'a provisional seed took the place of a bound one');
    this.remember(made[0]!, signIn.provisional!);
    signIn.provisional = null;
    this.ownSeeds += 1;
  }

  protected async spendAll(signIn: SignIn, typed: Map<MethodName, string>, secret: string): Promise<void> {
    for (const method of await this.factorsOf(secret)) {
      if (signIn.provisional !== null && !this.seeds.has(method)) await this.adopt(signIn);
      this.hold(typed.has(method), `a proof of ${method} without a code`);
      this.spend(signIn, method, typed.get(method)!);
    }
  }

  protected spend(signIn: SignIn, method: MethodName, code: string): void {
    signIn.proven.set(method, this.take(method, code));
  }

  /** A code was taken: it must be a right one, and none that is spent. */
  protected take(method: MethodName, code: string): Seed {
    const seed = this.seeds.get(method);
    if (seed === undefined) throw new Error(`a code of ${method} taken without a seed`);
    const step = this.stepsOf(seed.authenticator, code).find((one) => one > Math.max(-1, ...seed.spent));
    if (step === undefined) throw new Error(`a code of ${method} that is wrong, old or spent was taken`);
    seed.spent.push(step);
    seed.lastCode = code;
    return seed;
  }

  protected holdAlive({ dialect, since }: SignIn): void {
    const age = (this.stage.now.getTime() - since) / 1000;
    this.hold(age <= LIFE[dialect], `a handle of ${age} s was taken`);
  }

  protected hold(truth: boolean, otherwise: string): void {
    if (!truth) throw new Error(otherwise);
  }

  /** Takes a step; one that is refused must leave everything as it was. */
  protected async step(take: () => Promise<Answer>): Promise<Answer> {
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

  protected submit(signIn: SignIn, typed: Map<MethodName, string>, replica: number): Promise<Answer> {
    if (signIn.dialect === 'admin')
      return this.client(signIn, replica).submit([...typed.values()][0] ?? '000000');
    const payload = Object.fromEntries([...typed].map(([method, code]) => [this.methodIds[method], [code]]));
    const body = { mfa_request_id: signIn.handle, mfa_payload: payload };
    return this.stage.vault(replica).write('sys/mfa/validate', body);
  }

  protected typed(codes: TypedCode[], signIn?: SignIn): Map<MethodName, string> {
    return new Map(
      codes.map(([choice, kind]) => {
        const method = choice === 'owed' ? this.owedBy(signIn) : choice;
        return [method, this.codeOf(method, kind, signIn)];
      }),
    );
  }

  protected owedBy(signIn?: SignIn): MethodName {
    const open = [...this.rules].filter((rule) => !RULES[rule].some((method) => signIn?.proven.has(method)));
    const setting: MethodName[] = this.setting === 'on' && !signIn?.proven.has('default') ? ['default'] : [];
    const methods = [...open.flatMap((rule) => [...RULES[rule]]), ...setting];
    return methods.find((method) => this.seeds.has(method)) ?? methods[0] ?? 'default';
  }

  protected codeOf(method: MethodName, kind: CodeKind, signIn?: SignIn): string {
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
  protected stepsOf(authenticator: Authenticator, code: string): number[] & { isEmpty(): boolean } {
    const present = Math.floor(this.stage.now.getTime() / 1000 / PERIOD);
    const steps = [-1, 0, 1].filter((offset) => authenticator.codeAt(this.stage.now, offset) === code);
    const found = steps.map((offset) => present + offset);
    return Object.assign(found, { isEmpty: () => found.length === 0 });
  }

  protected takenBy(code: string): MethodName | undefined {
    return METHODS.find((method) => {
      const seed = this.seeds.get(method);
      return seed !== undefined && !this.stepsOf(seed.authenticator, code).isEmpty();
    });
  }

  protected async factorsOf(secret: string): Promise<MethodName[]> {
    const checked = await this.stage.first.app.get(TokensService, { strict: false }).check(secret);
    this.hold(checked?.state === 'live', 'a token that is dead when it is issued');
    const ids = (checked as unknown as { token: { factors: { methodId: string }[] } }).token.factors.map(
      ({ methodId }) => methodId,
    );
    return METHODS.filter((method) => ids.includes(this.methodIds[method]));
  }

  protected remember(method: MethodName, authenticator: Authenticator): void {
    this.seeds.set(method, { authenticator, spent: [], lastCode: null });
  }

  protected fresh(dialect: SignIn['dialect'], handle: string): SignIn {
    const since = this.stage.now.getTime();
    const { password } = this;
    return { dialect, handle, since, password, proven: new Map(), provisional: null, finished: false };
  }

  protected pick(index: number): SignIn | undefined {
    return this.signIns.at(-1 - (index % Math.max(1, this.signIns.length)));
  }

  protected client({ handle }: SignIn, replica: number): AppgateClient {
    return this.stage.appgate(replica).with(handle);
  }
}

import { Authenticator } from '../support/authenticator.js';
import {
  type MethodName,
  METHODS,
  SignInModel,
  type SignIn,
  type TypedCode,
  type CodeKind,
} from './sign-in-model.js';

/** What a person does, step by step; each answer is judged by the model. */
export class SignInMoves extends SignInModel {
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

  /** A first seed of one's own by a request of `/v1`, which its first right code binds. */
  async selfEnroll(index: number, method: MethodName, replica: number): Promise<void> {
    const signIn = this.pick(index);
    if (signIn?.dialect !== 'vault') return;
    const fields = { mfa_method_id: this.methodIds[method], mfa_request_id: signIn.handle };
    const path = 'identity/mfa/method/totp/self-enroll';
    const answer = await this.step(() => this.stage.vault(replica).write(path, fields));
    if (answer.status !== 200) return;
    this.hold(!this.seeds.has(method), 'a seed was shown where the method has one');
    this.hold(!signIn.finished && !this.disabled, 'a seed was shown by a sign-in that is over');
    this.holdAlive(signIn);
    signIn.provisional = Authenticator.scan(answer.body.data.url);
  }

  /** A replacement of one's own seed begins with a code of the old one. */
  async beginSelfReset(method: MethodName, kind: CodeKind, replica: number): Promise<void> {
    const token = this.ownToken;
    if (token === null) return;
    const code = this.codeOf(method, kind);
    const fields = { method_id: this.methodIds[method], mfa_payload: { [this.methodIds[method]]: [code] } };
    const path = 'identity/mfa/method/totp/self-reset';
    const answer = await this.step(() => this.stage.vault(replica).with(token).write(path, fields));
    if (answer.status !== 200) return;
    this.hold(!this.disabled, 'a replacement for a disabled person');
    const old = this.take(method, code);
    this.waiting = { method, token, old, authenticator: Authenticator.scan(answer.body.data.url) };
  }

  /** It ends with a code of the new one, by the same token. */
  async confirmSelfReset(kind: 'present' | 'far', replica: number): Promise<void> {
    if (this.waiting === null) return;
    const { method, token, old, authenticator } = this.waiting;
    const passcode = authenticator.codeAt(this.stage.now, kind === 'far' ? 3 : 0);
    const path = 'identity/mfa/method/totp/self-reset/confirm';
    const fields = { method_id: this.methodIds[method], passcode };
    const answer = await this.step(() => this.stage.vault(replica).with(token).write(path, fields));
    if (answer.status !== 204) return;
    this.hold(!this.disabled, 'a seed replaced by a disabled person');
    this.hold(this.seeds.get(method) === old, 'a seed replaced that was reset or bound anew meanwhile');
    this.former.set(method, old.authenticator);
    this.remember(method, authenticator);
    this.take(method, passcode);
    this.waiting = null;
    this.ownSeeds += 1;
  }
}

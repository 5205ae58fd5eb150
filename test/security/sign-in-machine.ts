import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Stage } from '../support/stage.js';
import { type AdminSetting, type MethodName, METHODS, type RuleName, RULES } from './sign-in-model.js';
import { SignInMoves } from './sign-in-moves.js';

/** One person's sign-ins against the server, and what befalls the person meanwhile. */
export class SignInMachine extends SignInMoves {
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

  /** What holds for everybody is taken back. */
  async close(): Promise<void> {
    if (this.setting !== 'off') await this.adminSetting('off');
  }

  /** What `/admin` asks of everybody it knows; the administrator is exempt, so that somebody can take it back. */
  async adminSetting(setting: AdminSetting): Promise<void> {
    const exempt = ['CN=admin,OU=local', ...(setting === 'exempt' ? [`CN=${this.name},OU=local`] : [])];
    const admin = await this.stage.administrator();
    await expecting(
      204,
      admin.put('/admin-mfa-settings', {
        ...(setting === 'off' ? {} : { providerId: this.methodIds.default }),
        exemptedUsers: exempt,
      }),
    );
    this.setting = setting;
  }

  /** Somebody whose authenticator is gone binds another in the course of a login. */
  async comeBack(replica: number): Promise<void> {
    await this.reset('second');
    await this.begin('vault', true, replica);
    await this.selfEnroll(0, 'second', replica);
    this.move(30);
    const codes = METHODS.map((method): [MethodName, 'present'] => [method, 'present']);
    await this.prove(0, codes, 1 - replica);
  }

  /** A login, and with its token a new authenticator in place of one that works. */
  async replace(method: MethodName, replica: number): Promise<void> {
    this.move(30);
    await this.logInWithCodes(
      METHODS.map((each) => [each, 'present']),
      replica,
    );
    this.move(30);
    await this.beginSelfReset(method, 'present', 1 - replica);
    await this.confirmSelfReset('present', replica);
  }

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
      this.stage.root.write(path, {
        issuer: 'Example',
        method_name: 'second',
        enable_self_enrollment: true,
        ...fields,
      }),
    );
  }

  move(seconds: number): void {
    this.stage.clock.advance(seconds);
  }
}

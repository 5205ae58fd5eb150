import { Authenticator } from '../support/authenticator.js';
import type { ConnectionFault } from '../support/postgres-proxy.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD } from '../support/stage.js';
import { isUnavailable } from '../support/unavailable.js';
import type { FaultScene } from './fault-scene.js';

export type DialectName = 'appgate' | 'vault';

/** What became of one try with one code. */
export type Outcome = 'token' | 'refused' | 'interrupted';

/** One person who signs in at both dialects, and is struck by faults. */
export class Victim {
  private constructor(
    private readonly scene: FaultScene,
    readonly name: string,
    readonly entityId: string,
    private readonly authenticator: Authenticator,
  ) {}

  static async make(scene: FaultScene, name: string): Promise<Victim> {
    const { root } = scene;
    if ((await root.read('sys/auth/userpass')).status !== 200)
      await expecting(204, root.write('sys/auth/userpass', { type: 'userpass' }));
    await expecting(204, root.write(`auth/userpass/users/${name}`, { password: PASSWORD }));
    const { auth } = (await expecting(200, scene.vault.logIn(name, PASSWORD))).body;
    const fields = { method_id: DEFAULT_METHOD, entity_id: auth.entity_id };
    const made = await expecting(200, root.write('identity/mfa/method/totp/admin-generate', fields));
    const rule = { mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [auth.entity_id] };
    await expecting(204, root.write(`identity/mfa/login-enforcement/for-${name}`, rule));
    await scene.cluster.rows(
      `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
       SELECT gen_random_uuid(), $1, $1, 'Admin', 'return claims.user.username === "' || $1 || '";', ARRAY[id], now(), now()
       FROM administrative_roles WHERE built_in`,
      [name],
    );
    return new Victim(scene, name, auth.entity_id, Authenticator.scan(made.body.data.url));
  }

  /** A code nobody has used. */
  freshCode(): string {
    this.scene.server.clock.advance(30);
    return this.authenticator.codeAt(this.scene.server.clock.now());
  }

  /**
   * A whole sign-in. A request that was interrupted is sent once more, as a client would.
   * @throws Error for any answer that is neither right, nor the dialect's 503, nor a refusal after an interruption.
   */
  async signIn(dialect: DialectName, code: string): Promise<Outcome> {
    const steps = new Steps();
    return dialect === 'vault' ? this.atVault(steps, code) : this.atAppgate(steps, code);
  }

  private async atVault(steps: Steps, code: string): Promise<Outcome> {
    const { vault } = this.scene;
    const begun = await steps.take(() => vault.logIn(this.name, PASSWORD));
    if (typeof begun === 'string') return begun;
    const request = begun.body.auth.mfa_requirement.mfa_request_id;
    const proven = await steps.take(() => vault.validate(request, code), [400, 403]);
    if (typeof proven === 'string') return proven;
    const token = vault.with(proven.body.auth.client_token);
    // A token that was handed out has its row.
    const seen = await steps.take(() => token.read('auth/token/lookup-self'));
    return typeof seen === 'string' ? seen : 'token';
  }

  private async atAppgate(steps: Steps, code: string): Promise<Outcome> {
    const { appgate } = this.scene;
    const begun = await steps.take(() => appgate.authenticate(this.name, PASSWORD));
    if (typeof begun === 'string') return begun;
    const partial = appgate.with(begun.body.token);
    const proven = await steps.take(() => partial.submit(code), [401]);
    if (typeof proven === 'string') return proven;
    const half = appgate.with(proven.body.token);
    const finished = await steps.take(() => half.authorize(), [401]);
    if (typeof finished === 'string') return finished;
    const whole = appgate.with(finished.body.token);
    const seen = await steps.take(() => whole.get('/global-settings'));
    return typeof seen === 'string' ? seen : 'token';
  }

  /** How many live tokens came of a second factor so far. */
  async tokens(): Promise<number> {
    const [row] = await this.scene.cluster.rows(
      'SELECT count(*)::int AS count FROM tokens WHERE principal_id = $1 AND revoked_at IS NULL AND jsonb_array_length(factors) > 0',
      [this.entityId],
    );
    return row!.count;
  }
}

/** Steps of one sign-in: each is taken again after an interruption, up to once. */
class Steps {
  private interruptions = 0;

  /** @param refusals statuses that may come once something was interrupted: what was asked for has happened already. */
  async take(call: () => Promise<Answer>, refusals: number[] = []): Promise<Answer | Outcome> {
    for (let tries = 0; tries < 2; tries += 1) {
      const answer = await call();
      if (answer.status === 200) return answer;
      if (this.interruptions > 0 && refusals.includes(answer.status)) return 'refused';
      if (!isUnavailable(answer)) throw new Error(`answered ${answer.status} ${answer.text.slice(0, 500)}`);
      this.interruptions += 1;
    }
    return 'interrupted';
  }
}

/** What the audit does by itself, whether anybody signs in or not. */
const BACKGROUND = /audit_(unsealed|seals|checkpoints|sinks|folds)/;

/** Every place of a run at which a connection can fail: each statement by its text, and the how many-th of that text. */
export function placesOf(statements: string[]): Pick<ConnectionFault, 'statement' | 'nth'>[] {
  const seen = new Map<string, number>();
  const places = statements.map((statement) => {
    const nth = (seen.get(statement) ?? 0) + 1;
    seen.set(statement, nth);
    return { statement, nth };
  });
  return places.filter(({ statement }) => !BACKGROUND.test(statement));
}

import { randomUUID } from 'node:crypto';
import {
  AdminFactorService,
  type AdminSession,
  AdminSessionsService,
  AdminSignInService,
  type Authorization,
  type PartialToken,
} from '@sallyport/auth';
import type { DomainError } from '@sallyport/platform';
import { type Core, from } from './core.js';
import { PASSWORD } from './people.js';

const ACTOR = from('192.0.2.7');

/** The steps of a sign-in at `/admin`, as a client takes them with the secret it was last handed. */
export class AdminSteps {
  constructor(
    private readonly core: Core,
    private readonly username: string,
  ) {}

  authenticate(password = PASSWORD): Promise<PartialToken> {
    const credentials = {
      providerName: 'local',
      username: this.username,
      password,
      deviceId: randomUUID(),
      actor: ACTOR,
    };
    return this.core.get(AdminSignInService).authenticate(credentials);
  }

  logIn(password = PASSWORD): Promise<Authorization> {
    const credentials = {
      providerName: 'local',
      username: this.username,
      password,
      deviceId: randomUUID(),
      actor: ACTOR,
    };
    return this.core.get(AdminSignInService).logIn(credentials);
  }

  session(secret: string): Promise<AdminSession | null> {
    return this.core.get(AdminSessionsService).find(secret, '127.0.0.1');
  }

  /** Whether the secret still stands for a session. */
  async lives(secret: string): Promise<boolean> {
    return (await this.session(secret)) !== null;
  }

  async authorize(secret: string): Promise<Authorization> {
    return this.core.get(AdminSignInService).authorize(await this.mustFind(secret), ACTOR);
  }

  async begin(secret: string) {
    return this.core.get(AdminFactorService).begin(await this.mustFind(secret), ACTOR);
  }

  async prove(secret: string, code: string): Promise<PartialToken> {
    return this.core.get(AdminFactorService).prove(await this.mustFind(secret), code, ACTOR);
  }

  async logOut(secret: string): Promise<void> {
    return this.core.get(AdminSignInService).logOut(await this.mustFind(secret), ACTOR);
  }

  /** A dead token is what the transport answers 401 to. */
  private async mustFind(secret: string): Promise<AdminSession> {
    const session = await this.session(secret);
    if (session === null) throw Object.assign(new Error('no session'), { code: 'no-session' });
    return session;
  }
}

/** The code of the error a step ends in, or `done`. */
export function outcome(step: Promise<unknown>): Promise<string> {
  return step.then(
    () => 'done',
    (error: DomainError) => error.code ?? error.message,
  );
}

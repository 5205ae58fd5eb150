import { SILENCE, type VendorCall, type VendorReply, VendorServer } from './vendor-server.js';

type Said = Record<string, unknown>;

export interface OktaUser {
  id: string;
  login: string;
  email: string;
  factors: Said[];
}

/** Okta's Users and Factors APIs as far as a sign-in needs them, for the organisation `acme`. */
export class OktaServer {
  static readonly token = '00QCjAl4MlV-WPXM-nHuGbgOj2';
  static readonly domain = 'okta.test';

  users: OktaUser[] = [];
  /** What each question about a push is answered with, the last one again and again; null: silence. */
  statuses: (Said | null)[] = [];
  sent: Said = { factorResult: 'WAITING' };
  instead: ((call: VendorCall) => VendorReply | typeof SILENCE | null) | null = null;
  readonly pushes: VendorCall[] = [];

  private constructor(readonly vendor: VendorServer) {
    vendor.answer = (call) => this.instead?.(call) ?? this.say(call);
  }

  static async start(): Promise<OktaServer> {
    return new OktaServer(await VendorServer.start([`acme.${OktaServer.domain}`]));
  }

  get baseUrl(): string {
    return `${OktaServer.domain}:${this.vendor.port}`;
  }

  begin(statuses: (Said | null)[]): void {
    Object.assign(this, { statuses: [...statuses], sent: { factorResult: 'WAITING' }, instead: null });
    this.pushes.length = 0;
    this.vendor.calls.length = 0;
  }

  private say(call: VendorCall): VendorReply | typeof SILENCE {
    if (call.headers['authorization'] !== `SSWS ${OktaServer.token}`)
      return said({ errorCode: 'E0000011', errorSummary: 'Invalid token provided' }, 401);
    const path = call.path.replace('/api/v1/', '');
    if (path === 'users') return said(this.search(call.query.get('filter') ?? ''));
    const [, userId, , factorId, act, transaction] = path.split('/');
    const user = this.users.find(({ id }) => id === userId);
    if (user === undefined) return said({ errorCode: 'E0000007' }, 404);
    if (factorId === undefined) return said(user.factors);
    if (act === 'verify' && call.method === 'POST') {
      this.pushes.push(call);
      const href = `https://elsewhere.invalid/api/v1/users/${userId}/factors/${factorId}/transactions/v2mst.1`;
      return said({ ...this.sent, _links: { poll: { href, hints: { allow: ['GET'] } } } }, 201);
    }
    if (act === 'transactions' && transaction === 'v2mst.1') {
      const status = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0];
      return status ? said(status) : SILENCE;
    }
    return said({}, 404);
  }

  private search(filter: string): Said[] {
    const [, field, value] = /^profile\.(login|email) eq "((?:[^"\\]|\\.)*)"$/.exec(filter) ?? [];
    if (field === undefined) return [];
    const wanted = value!.replaceAll(/\\(.)/g, '$1');
    return this.users
      .filter((user) => user[field as 'login' | 'email'] === wanted)
      .map(({ id, login, email }) => ({ id, status: 'ACTIVE', profile: { login, email } }));
  }
}

export const PUSH_FACTOR = { id: 'opf1', factorType: 'push', provider: 'OKTA', status: 'ACTIVE' };
export const TOTP_FACTOR = {
  id: 'ost1',
  factorType: 'token:software:totp',
  provider: 'OKTA',
  status: 'ACTIVE',
};

function said(body: unknown, status = 200): VendorReply {
  return { status, text: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

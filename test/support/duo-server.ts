import { createHmac } from 'node:crypto';
import { SILENCE, type VendorCall, type VendorReply, VendorServer } from './vendor-server.js';

type Said = Record<string, unknown>;

/** Duo's Auth API v2 as far as a sign-in needs it; refuses what is not signed as Duo's documentation says. */
export class DuoServer {
  static readonly integrationKey = 'DIWJ8X6AEYOR5OMC6TQ1';
  static readonly secretKey = 'Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep';

  preauth: Said | null = { result: 'auth', status_msg: 'Account is active' };
  /** What each question about a push is answered with, the last one again and again; null: silence. */
  statuses: (Said | null)[] = [];
  /** The passcode that is right. */
  passcode = '424242';
  /** In place of the right answer, where a test wants a wrong one. */
  instead: ((call: VendorCall) => VendorReply | typeof SILENCE | null) | null = null;
  readonly pushes: URLSearchParams[] = [];

  private constructor(readonly vendor: VendorServer) {
    vendor.answer = (call) => this.instead?.(call) ?? this.say(call);
  }

  static async start(): Promise<DuoServer> {
    return new DuoServer(await VendorServer.start(['127.0.0.1']));
  }

  get hostname(): string {
    return `127.0.0.1:${this.vendor.port}`;
  }

  /** Forgets what was asked. */
  begin(
    statuses: (Said | null)[],
    preauth: Said | null = { result: 'auth', status_msg: 'Account is active' },
  ): void {
    Object.assign(this, { statuses: [...statuses], preauth, instead: null });
    this.pushes.length = 0;
    this.vendor.calls.length = 0;
  }

  paths(): string[] {
    return this.vendor.calls.map(({ path }) => path.replace('/auth/v2/', ''));
  }

  private say(call: VendorCall): VendorReply | typeof SILENCE {
    const sent = call.method === 'GET' ? (call.target.split('?')[1] ?? '') : call.body;
    if (!this.isSigned(call, sent))
      return said({ stat: 'FAIL', code: 40103, message: 'Invalid signature' }, 401);
    const parameters = new URLSearchParams(sent);
    if (call.path === '/auth/v2/preauth') return this.preauth === null ? SILENCE : ok(this.preauth);
    if (call.path === '/auth/v2/auth' && parameters.get('factor') === 'push') {
      this.pushes.push(parameters);
      return ok({ txid: `tx-${this.pushes.length}` });
    }
    if (call.path === '/auth/v2/auth') {
      const right = parameters.get('passcode') === this.passcode;
      return ok(right ? { result: 'allow', status: 'allow' } : DENIED_PASSCODE);
    }
    if (call.path === '/auth/v2/auth_status') {
      const status = this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0];
      return status ? ok(status) : SILENCE;
    }
    return said({ stat: 'FAIL' }, 404);
  }

  /** Written apart from the server's own signing: date, method, host, path and the parameters as they were sent. */
  private isSigned({ method, path, headers }: VendorCall, sent: string): boolean {
    const sorted = sent.split('&').toSorted().join('&');
    const lines = [headers['date'], method, headers['host'], path, sorted].join('\n');
    const signature = createHmac('sha512', DuoServer.secretKey).update(lines).digest('hex');
    const expected = Buffer.from(`${DuoServer.integrationKey}:${signature}`).toString('base64');
    return sorted === sent && headers['authorization'] === `Basic ${expected}`;
  }
}

const DENIED_PASSCODE = {
  result: 'deny',
  status: 'deny',
  status_msg: 'Incorrect passcode. Please try again.',
};

function ok(response: Said): VendorReply {
  return said({ stat: 'OK', response });
}

function said(body: object, status = 200): VendorReply {
  return { status, text: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

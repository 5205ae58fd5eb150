import { createHmac, timingSafeEqual } from 'node:crypto';
import { SILENCE, type VendorCall, type VendorReply, VendorServer } from './vendor-server.js';

type Said = Record<string, unknown>;

/** How an answer is falsified. */
export type Forgery = 'key' | 'token' | 'organisation' | 'client-data' | 'unsigned' | 'none-algorithm';

/** PingID's API, version 4.9, as far as a push needs it; takes and gives messages signed with the organisation's key. */
export class PingidServer {
  static readonly key = Buffer.from('a key of thirty-two bytes, no less').toString('base64');
  static readonly token = 'a1b2c3d4e5f6';
  static readonly orgAlias = '0d1c2b3a-aaaa-4bbb-8ccc-1234567890ab';

  started: Said | null = { errorId: 30_010, sessionId: 'webs_1' };
  statuses: (Said | null)[] = [];
  forged: Forgery | null = null;
  instead: ((call: VendorCall) => VendorReply | typeof SILENCE | null) | null = null;
  /** Bodies of the requests whose signature was right, by operation. */
  readonly heard: { operation: string; body: Said }[] = [];

  private constructor(readonly vendor: VendorServer) {
    vendor.answer = (call) => this.instead?.(call) ?? this.say(call);
  }

  static async start(): Promise<PingidServer> {
    return new PingidServer(await VendorServer.start(['127.0.0.1']));
  }

  /** The settings file PingID's administration would hand out, in base64. */
  settingsFile(more = ''): string {
    const base = `https://127.0.0.1:${this.vendor.port}`;
    const lines = [
      '#Auto-Generated from PingOne, downloaded by id=[SSO] email=[admin@example.com]',
      '#Wed Feb 28 16:00:14 MST 2024',
      `use_base64_key=${PingidServer.key}`,
      'use_signature=true',
      `token=${PingidServer.token}`,
      `idp_url=${base}/pingid`,
      `org_alias=${PingidServer.orgAlias}`,
      `admin_url=${base}/pingid`,
      `authenticator_url=${base}/pingid/ppm`,
    ];
    return Buffer.from(`${lines.join('\n')}\n${more}`).toString('base64');
  }

  begin(statuses: (Said | null)[]): void {
    const started = { errorId: 30_010, sessionId: 'webs_1' };
    Object.assign(this, { statuses: [...statuses], started, forged: null, instead: null });
    this.heard.length = 0;
    this.vendor.calls.length = 0;
  }

  private say(call: VendorCall): VendorReply | typeof SILENCE {
    const operation = /^\/pingid\/rest\/4\/(\w+)\/do$/.exec(call.path)?.[1];
    const request = readSigned(call.body);
    if (operation === undefined || request === null) return { status: 401, text: 'no' };
    const body = request['reqBody'] as Said;
    this.heard.push({ operation, body });
    const said = operation === 'startauthentication' ? this.started : this.nextStatus();
    if (said === null) return SILENCE;
    const text = this.sign({ ...said, errorMsg: 'secret of the vendor', clientData: body['clientData'] });
    return { status: 200, text };
  }

  private nextStatus(): Said | null {
    return (this.statuses.length > 1 ? this.statuses.shift() : this.statuses[0]) ?? null;
  }

  private sign(responseBody: Said): string {
    const { forged } = this;
    if (forged === 'unsigned') return JSON.stringify({ responseBody });
    if (forged === 'client-data') responseBody['clientData'] = 'of another request';
    const header = {
      alg: forged === 'none-algorithm' ? 'none' : 'HS256',
      token: forged === 'token' ? 'other' : PingidServer.token,
      orgAlias: forged === 'organisation' ? 'other' : PingidServer.orgAlias,
    };
    const text = `${encode(header)}.${encode({ responseBody })}`;
    const signature = mac(text, forged === 'key' ? Buffer.alloc(32).toString('base64') : PingidServer.key);
    return `${text}.${forged === 'none-algorithm' ? '' : signature}`;
  }
}

/** Written apart from the server's own signing (RFC 7515). */
function readSigned(text: string): Said | null {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const expected = mac(`${header}.${payload}`, PingidServer.key);
  if (signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected)))
    return null;
  const { alg, org_alias, token } = decode(header);
  if (alg !== 'HS256' || org_alias !== PingidServer.orgAlias || token !== PingidServer.token) return null;
  return decode(payload);
}

function mac(text: string, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): Said {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Said;
}

import { createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What an authenticator app makes of an otpauth URL: its codes (RFC 6238), computed apart from the server's own. */
export class Authenticator {
  private readonly seed: Buffer;
  private readonly period: number;
  private readonly digits: number;
  private readonly algorithm: string;

  constructor(readonly url: string) {
    const parameters = new URL(url).searchParams;
    this.seed = fromBase32(parameters.get('secret') ?? '');
    this.period = Number(parameters.get('period'));
    this.digits = Number(parameters.get('digits'));
    this.algorithm = (parameters.get('algorithm') ?? '').toLowerCase();
  }

  codeAt(instant: Date, steps = 0): string {
    const { period, digits } = this;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(instant.getTime() / 1000 / period) + steps));
    const mac = createHmac(this.algorithm, this.seed).update(counter).digest();
    const offset = mac.at(-1)! & 0xf;
    const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits;
    return String(number).padStart(digits, '0');
  }

  /** A code no step near this instant has. */
  wrongAt(instant: Date): string {
    const right = [-2, -1, 0, 1, 2].map((step) => this.codeAt(instant, step));
    const digits = right[0]!.length;
    for (let candidate = 0; ; candidate += 1) {
      const code = String(candidate).padStart(digits, '0');
      if (!right.includes(code)) return code;
    }
  }
}

function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
}

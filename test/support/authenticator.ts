import { generateSync } from 'otplib';

interface AuthenticatorParameters {
  algorithm: 'sha1' | 'sha256' | 'sha512';
  digits: 6 | 8;
  /** Seconds. */
  period: number;
}

const DEFAULTS: AuthenticatorParameters = { algorithm: 'sha1', digits: 6, period: 30 };

/** An authenticator app: codes for the instants of a test's clock. */
export class Authenticator {
  constructor(
    /** Base32. */
    readonly secret: string,
    private readonly parameters: AuthenticatorParameters = DEFAULTS,
  ) {}

  /** From the URL of a QR code; what it does not say is the default. */
  static scan(otpauthUrl: string): Authenticator {
    const said = new URL(otpauthUrl).searchParams;
    return new Authenticator(said.get('secret') ?? '', {
      algorithm: (said.get('algorithm') ?? 'SHA1').toLowerCase() as 'sha1',
      digits: Number(said.get('digits') ?? 6) as 6,
      period: Number(said.get('period') ?? 30),
    });
  }

  /** @param steps periods after the instant. */
  codeAt(instant: Date, steps = 0): string {
    const { period, ...parameters } = this.parameters;
    const epoch = Math.floor(instant.getTime() / 1000) + steps * period;
    return generateSync({ secret: this.secret, epoch, period, ...parameters });
  }

  /** `count` different codes that are wrong around this instant. */
  wrongAt(instant: Date, count = 1): string[] {
    const right = [-3, -2, -1, 0, 1, 2, 3].map((step) => this.codeAt(instant, step));
    const all = Array.from({ length: count + right.length }, (_, number) =>
      String(100_000 + number * 37).padStart(this.parameters.digits, '0'),
    );
    return all.filter((code) => !right.includes(code)).slice(0, count);
  }
}

import type { BegunFactor } from '@sallyport/auth';
import { qrJpeg } from '@sallyport/mfa-methods';
import { otpAuthUrl, type SeedLabel } from './otp-auth-url.js';
import type { InitializeAnswer } from './answers.dto.js';

/** What `initialize` answers; a secret is shown with its URL and a QR code of exactly that URL (appgate.md §2.4). */
export function initializeAnswer(begun: BegunFactor, label: SeedLabel): InitializeAnswer {
  if (begun.kind === 'already-seeded') return { type: 'AlreadySeeded', inputType: 'Numeric' };
  const url = otpAuthUrl(begun.secret, label);
  return {
    type: 'Secret',
    inputType: 'Numeric',
    secret: begun.secret,
    otpAuthUrl: url,
    barcode: qrJpeg(url).toString('base64'),
  };
}

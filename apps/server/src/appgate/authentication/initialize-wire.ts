import type { BegunFactor } from '@sallyport/auth';
import { type MfaMethod, qrJpeg } from '@sallyport/mfa-methods';
import { otpAuthUrl, type SeedLabel } from './otp-auth-url.js';
import type { InitializeAnswer } from './answers.dto.js';

/**
 * What `initialize` answers; a secret is shown with its URL and a QR code of exactly that URL. Fields that do not belong to the type
 * are absent (appgate.md §2.4).
 */
export function initializeAnswer(begun: BegunFactor, label: SeedLabel): InitializeAnswer {
  const inputType = inputTypeOf(begun.method);
  switch (begun.kind) {
    case 'already-seeded':
      return { type: 'AlreadySeeded', inputType };
    case 'secret': {
      const otpUrl = otpAuthUrl(begun.secret, label);
      const barcode = qrJpeg(otpUrl).toString('base64');
      return { type: 'Secret', inputType, secret: begun.secret, otpAuthUrl: otpUrl, barcode };
    }
    case 'challenge': {
      const { message, state, timeout } = begun;
      return {
        type: 'Challenge',
        inputType,
        ...(message !== undefined && { responseMessage: message }),
        ...(state !== undefined && { state }),
        timeout,
      };
    }
    case 'push':
      return { type: 'Push', inputType, timeout: begun.timeout, sendPassword: begun.sendPassword };
  }
}

/** How the client lets it be typed: as configured, else digits for codes by time and hidden text for RADIUS (§4.1). */
function inputTypeOf({ type, config }: MfaMethod): string {
  return typeof config['inputType'] === 'string'
    ? config['inputType']
    : type === 'radius'
      ? 'Masked'
      : 'Numeric';
}

import type { MethodRefusal, Unsatisfied } from '@sallyport/auth';
import { multiError, refuse } from '../wire/vault-error.js';

/** Tells whoever has passed the password which enforcement is not satisfied, and why (§3.4). */
export function unsatisfied({ enforcement, refusals }: Unsatisfied, entityId: string): Error {
  const detail = detailOf({ enforcement, refusals }, entityId);
  return refuse(403, `failed to satisfy enforcement ${enforcement.name}. error: ${detail}`);
}

/** Tells whoever would change a factor that a factor was not proven first (§5.6). */
export function unproven(proof: Unsatisfied, entityId: string): Error {
  return refuse(403, `failed to satisfy MFA proof. error: ${detailOf(proof, entityId)}`);
}

function detailOf({ enforcement, refusals }: Unsatisfied, entityId: string): string {
  return refusals.length === 0 ? nothingCame(enforcement) : whyNot(enforcement, refusals, entityId);
}

type Enforcement = Unsatisfied['enforcement'];

function nothingCame({ methods, methodIds }: Enforcement): string {
  if (methods.length === 0)
    return multiError('MFA method configuration not present', validationFailed(methodIds));
  const bullets = methods.map(
    ({ id, name }) =>
      `failed to find MFA credentials associated with an MFA method ID ${id}, method name ${name ?? ''}`,
  );
  return `failed to sanitize MFA creds, ${multiError(...bullets)}`;
}

function whyNot({ methodIds }: Enforcement, refusals: readonly MethodRefusal[], entityId: string): string {
  return multiError(...refusals.map((refused) => reasonOf(refused, entityId)), validationFailed(methodIds));
}

function validationFailed(methodIds: readonly string[]): string {
  return `login MFA validation failed for methodID: [${methodIds.join(' ')}]`;
}

function reasonOf({ method, refusal }: MethodRefusal, entityId: string): string {
  switch (refusal.reason) {
    case 'wrong':
      return 'failed to validate TOTP passcode';
    case 'missing':
      return 'MFA credentials not supplied';
    case 'unreadable':
      return refusal.problem;
    case 'silent':
      return 'MFA provider did not respond';
    case 'service-denied':
      return `duo authentication failed: ${JSON.stringify(refusal.message)}`;
    case 'push-rejected':
      return 'push verification explicitly rejected';
    case 'push-timed-out':
      return 'push verification timed out';
    case 'number-not-shown':
      return 'push verification asks for a number that this login cannot show';
    case 'no-push-device':
      return 'no push-type MFA factor found for user';
    case 'no-such-person':
      return 'no users found for e-mail address';
    case 'several-such-persons':
      return 'more than one user found for e-mail address';
    case 'unsupported-type':
      return `unrecognized MFA type "${method.type}"`;
    case 'not-enrolled':
      return refusal.hasAny
        ? `MFA secret for method name "${method.name ?? ''}" not present in entity "${entityId}"`
        : `MFA secret for method ID "${method.id}" not present in entity "${entityId}"`;
    case 'throttled': {
      const { freeTries, waitSeconds } = refusal;
      return (
        `maximum TOTP validation attempts ${freeTries + 1} exceeded the allowed attempts ${freeTries}. ` +
        `Please try again in ${waitSeconds}s seconds`
      );
    }
  }
}

import type { FactorRefusal } from '../factor.js';
import { type Json, textOf } from '../vendor/json-answer.js';
import type { VendorVerdict } from '../vendor/vendor-judge.service.js';

/** Characters of Duo's message that are passed on. */
const MESSAGE = 120;

/** What the answer of `auth` or `auth_status` decides; null while nothing is. */
export function readDuoResult(answer: Json): VendorVerdict | null {
  const result = textOf(answer['result']);
  if (result === 'allow') return { kind: 'approved' };
  if (result !== 'deny') return null;
  const refusal = deniedByDuo(answer);
  return { kind: answer['status'] === 'timeout' ? 'unanswered' : 'denied', refusal };
}

/** Of all that Duo says only its one message for the person is passed on, as one short printable line (S87; contract vault.md §3.4). */
export function deniedByDuo(answer: Json): FactorRefusal {
  const printable = textOf(answer['status_msg']).replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '');
  return { reason: 'service-denied', message: [...printable].slice(0, MESSAGE).join('') };
}

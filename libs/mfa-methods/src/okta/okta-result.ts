import { type Json, objectOf, textOf } from '../vendor/json-answer.js';
import type { VendorVerdict } from '../vendor/vendor-judge.service.js';

/** What the state of a push decides; null while nothing is. */
export function readOktaResult(answer: Json): VendorVerdict | null {
  switch (answer['factorResult']) {
    case 'SUCCESS':
      return { kind: 'approved' };
    case 'REJECTED':
      return { kind: 'denied', refusal: { reason: 'push-rejected' } };
    case 'TIMEOUT':
      return { kind: 'unanswered', refusal: { reason: 'push-timed-out' } };
    case 'WAITING':
      // Who cannot see the number can only guess it, and so can whoever is asked by an attacker (S25).
      return asksForNumber(answer) ? { kind: 'unanswered', refusal: { reason: 'number-not-shown' } } : null;
    default:
      return { kind: 'unanswered', refusal: { reason: 'silent' } };
  }
}

/** The transaction's id stands in the link to its state alone. The link's host is not looked at: it is asked where the method says. */
export function transactionOf(answer: Json): string {
  const { href } = objectOf(objectOf(answer['_links'])['poll']);
  return /\/transactions\/([\w.~-]+)$/.exec(textOf(href))?.[1] ?? '';
}

function asksForNumber(answer: Json): boolean {
  const embedded = objectOf(answer['_embedded']);
  const ofFactor = objectOf(objectOf(embedded['factor'])['_embedded']);
  return [embedded, ofFactor].some((where) => 'correctAnswer' in objectOf(where['challenge']));
}

import { expect } from 'vitest';
import type { ConnectionFault } from '../support/postgres-proxy.js';
import type { FaultScene } from './fault-scene.js';
import type { DialectName, Outcome, Victim } from './statements.js';

/**
 * Lets one fault happen to a sign-in, tries the same code again, and then another one.
 * @returns 1 where the fault happened, 0 where the statement did not come by.
 */
export async function strike(
  scene: FaultScene,
  victim: Victim,
  dialect: DialectName,
  fault: ConnectionFault,
): Promise<number> {
  const about = `${fault.fate} ${fault.moment} ${fault.nth}. ${fault.statement}`;
  const before = await victim.tokens();
  const code = victim.freshCode();
  scene.proxy.plan(fault);
  const begun = performance.now();
  const outcomes = [await victim.signIn(dialect, code)];
  const took = performance.now() - begun;
  const happened = !scene.proxy.pending;
  scene.proxy.forget();
  // The same code in a sign-in of its own: it was free, or it is spent.
  if (outcomes[0] !== 'token') outcomes.push(await again(victim, dialect, code));
  const made = (await victim.tokens()) - before;
  expect([about, made]).toEqual([about, outcomes.includes('token') ? 1 : made]);
  expect([about, made <= 1]).toEqual([about, true]);
  expect([about, took < 20_000]).toEqual([about, true]);
  expect([about, await victim.signIn(dialect, victim.freshCode())]).toEqual([about, 'token']);
  return Number(happened);
}

async function again(victim: Victim, dialect: DialectName, code: string): Promise<Outcome> {
  return victim.signIn(dialect, code).catch((error: Error) => {
    if (/answered (400|401|403) /.test(error.message)) return 'refused' as const;
    throw error;
  });
}

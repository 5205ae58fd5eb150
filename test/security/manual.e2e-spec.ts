import { readFileSync } from 'node:fs';
import {
  KNOWN_DAYS,
  NAMES_WINDOW,
  namesWaitAfter,
  PARALLEL_NAMES,
  PARALLEL_TRIES,
  passwordRuleOf,
  passwordTriesOf,
  passwordWaitAfter,
  sharedWaitAfter,
} from '@sallyport/auth';
import { FAILURE_CAP, freeTriesOf, waitAfter } from '@sallyport/mfa-methods';
import { readConfig } from '@sallyport/platform';
import { expect, it } from 'vitest';

const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

interface Line {
  free: number;
  least: number;
  most: number;
  waits: number[];
  afterMany: string;
}

/** The line of the manual's table of throttles that begins so. */
function line(counted: string): Line {
  const found = manual.split('\n').filter((text) => text.startsWith(`| ${counted} |`));
  expect([counted, found.length]).toEqual([counted, 1]);
  const [, , free, allowed, waits, afterMany] = found[0]!.split('|').map((cell) => cell.trim());
  const [least, most] = /^(\d+) to (\d+):/.exec(allowed!)!.slice(1).map(Number);
  return {
    free: Number(free),
    least: least!,
    most: most!,
    waits: waits!.split(' ').map(Number),
    afterMany: afterMany!,
  };
}

/** The different waits of the code, from the first one on. */
function waitsOf(waitAfterFailures: (failures: number) => number, from: number, to: number): number[] {
  const waits = Array.from({ length: to - from + 1 }, (_, index) => waitAfterFailures(from + index));
  return [...new Set(waits)];
}

/** The range a setting is checked against at the start. */
function isAllowed(setting: string, value: number): boolean {
  try {
    readConfig({ [setting]: String(value) });
    return true;
  } catch {
    return false;
  }
}

function mustBound(setting: string, { least, most }: Line): void {
  expect([least - 1, least, most, most + 1].map((value) => isAllowed(setting, value))).toEqual([
    false,
    true,
    true,
    false,
  ]);
}

it('S10 the limits of passwords per network in the manual are those of the code', () => {
  const { free, least, most, waits } = line('wrong passwords, per account and network');
  const rule = passwordRuleOf(null, null, false);
  expect(free).toBe(rule.freeTries);
  expect([1, 100].map(passwordTriesOf)).toEqual([least, most]);
  expect(waitsOf((failures) => passwordWaitAfter(failures, rule), free, 60)).toEqual(waits);
  expect(passwordWaitAfter(free - 1, rule)).toBe(0);
  expect(rule.peace).toBe(24 * 3_600);
});

it('S10 the limits over all unknown networks in the manual are those of the code', () => {
  const found = line('wrong passwords, per account, over all networks not known to it');
  expect(found.free).toBe(readConfig({}).unknownNetworkTries);
  mustBound('SALLYPORT_UNKNOWN_NETWORK_TRIES', found);
  const wait = (failures: number) => sharedWaitAfter(failures, found.free);
  expect(wait(found.free - 1)).toBe(0);
  expect(waitsOf(wait, found.free, 99)).toEqual(found.waits);
  expect(waitsOf(wait, 100, 200)).toEqual(found.afterMany.split(' ').map(Number));
});

it('S10 the limits of names per network in the manual are those of the code', () => {
  const counted = `names that fail from one network within ${NAMES_WINDOW} s, for names it is not known to`;
  const found = line(counted);
  expect(found.free).toBe(readConfig({}).namesPerNetwork);
  mustBound('SALLYPORT_NAMES_PER_NETWORK', found);
  expect(waitsOf(namesWaitAfter, 1, 20)).toEqual(found.waits);
});

it('S10 the limits of codes in the manual are those of the code', () => {
  const { free, least, most, waits } = line('wrong codes, per person and method');
  expect(free).toBe(freeTriesOf(0));
  expect([1, 100].map(freeTriesOf)).toEqual([least, most]);
  expect(waitsOf((failures) => waitAfter(failures, free, 30), free, 99)).toEqual(waits);
});

it('S10 the other numbers of throttling in the manual are those of the code', () => {
  const text = manual.replaceAll(/\s+/g, ' ');
  for (const sentence of [
    `known* to an account for ${KNOWN_DAYS} days after a sign-in`,
    `At once, ${PARALLEL_TRIES} tries run for an account from one network, and ${PARALLEL_TRIES} from all unknown ones together; ${PARALLEL_NAMES} names from one network.`,
    `from ${FAILURE_CAP} failures on`,
    '`SALLYPORT_PASSWORD_FAILURE_CAP` (off; 10 to 100)',
  ])
    expect(text).toContain(sentence);
  expect(readConfig({}).passwordFailureCap).toBe(null);
  expect([9, 10, 100, 101].map((value) => isAllowed('SALLYPORT_PASSWORD_FAILURE_CAP', value))).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

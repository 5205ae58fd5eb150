import fc, { type Arbitrary, type AsyncCommand } from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '../support/stage.js';
import { SignInMachine } from './sign-in-machine.js';
import { type CodeKind, METHODS, type RuleName, RULES } from './sign-in-model.js';

/** People whose sign-ins are played, each from the beginning. */
const RUNS = 4 * Number(process.env['FUZZ_RUNS'] ?? 24);
/** fast-check prints it with a counterexample, and the path to it. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const STEPS = 30;
/** Longer than names that fail from one network are counted, and than any wait; seconds. */
const PEACE = 1_000;

/** What counts and tells tries, refused ones above all. */
const COUNTING = /^(audit_.*|password_throttles|factor_throttles|factor_failure_days|login_counts)$/;

/** The same in tables that hold other things too. */
const COUNTS = ['failed_login_attempts', 'lock_start', 'last_used_at'];

let stage: Stage;
let second: string;
beforeAll(async () => {
  stage = await Stage.open(2);
  await stage.plantPolicy('everybody', 'return true;');
  second = await stage.addMethod('second', { enable_self_enrollment: true });
});
afterAll(() => stage.close());

let photographs: string;

/** A digest of each table but those that count, in one statement. */
async function photograph(): Promise<Map<string, string>> {
  photographs ??= (await stage.rows(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`))
    .filter(({ tablename }) => !COUNTING.test(tablename))
    .map(
      ({ tablename }) =>
        `SELECT '${tablename}' AS name, (SELECT md5(string_agg(row, ' ' ORDER BY row)) FROM (SELECT (to_jsonb(t) - $1::text[])::text AS row FROM "${tablename}" t) r) AS rows`,
    )
    .join(' UNION ALL ');
  return new Map((await stage.rows(photographs, [COUNTS])).map(({ name, rows }) => [name, rows]));
}

/** One command: a method of the machine with its arguments, shown as it is written. */
type Act = 'begin' | 'logIn' | 'logInWithCodes' | 'prove' | 'race' | 'initialize' | 'authorize' | 'logOut'
  | 'comeBack' | 'replace' | 'selfEnroll' | 'beginSelfReset' | 'confirmSelfReset' | 'adminSetting' | 'rule' | 'bind' | 'reset' | 'setDisabled' | 'changePassword' | 'changeMethod' | 'move'; // prettier-ignore

class Step implements AsyncCommand<object, SignInMachine> {
  constructor(
    private readonly act: Act,
    private readonly given: unknown[],
  ) {}

  check(): boolean {
    return true;
  }

  async run(_: object, machine: SignInMachine): Promise<void> {
    await (machine[this.act] as (...given: unknown[]) => Promise<void> | void)(...this.given);
  }

  toString(): string {
    return `${this.act}(${this.given.map((one) => JSON.stringify(one)).join(', ')})`;
  }
}

function steps(act: Act, ...given: Arbitrary<unknown>[]): Arbitrary<Step> {
  return fc.tuple(...given).map((values) => new Step(act, values));
}

const ALL_RULES = Object.keys(RULES) as RuleName[];
const rules = fc.subarray(ALL_RULES);
const replica = fc.nat(1);
const which = fc.nat(2);
const method = fc.constantFrom(...METHODS);
const choice = fc.constantFrom('owed', 'owed', 'owed', ...METHODS);
const mostly = fc.constantFrom(true, true, true, true, true, false);
const kinds: Arbitrary<CodeKind> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<CodeKind>('present', 'after', 'before') },
  { weight: 2, arbitrary: fc.constantFrom<CodeKind>('replayed', 'wrong', 'far', 'of the seed before') },
);
const one = fc.tuple(choice, kinds).map((code) => [code]);
const both = fc.tuple(kinds, kinds).map(([first, other]) => [
  ['default', first],
  ['second', other],
]);
const some = fc.oneof(one, both);
const surely = fc.constant([
  ['owed', 'present'],
  ['default', 'present'],
  ['second', 'present'],
]);
const settings = fc.record({
  skew: fc.constantFrom(0, 1),
  digits: fc.constantFrom(6, 8),
  algorithm: fc.constantFrom('SHA1', 'SHA256', 'SHA512'),
  max_validation_attempts: fc.constantFrom(0, 5, 10),
});

/** What happens in the course of a sign-in; it is drawn more often than what befalls it. */
const signingIn = [
  steps('begin', fc.constantFrom('admin', 'vault'), mostly, replica),
  steps('begin', fc.constantFrom('admin', 'vault'), fc.constant(true), replica),
  steps('prove', fc.constant(0), surely, replica),
  steps('prove', which, some, replica),
  steps('prove', fc.constant(0), both, replica),
  steps('prove', fc.constant(0), one, replica),
  steps('authorize', which, replica),
  steps('authorize', fc.constant(0), replica),
  steps('logInWithCodes', some, replica),
  steps('race', fc.tuple(which, which), method),
  steps('move', fc.constantFrom(30, 30, 30, 31, 15)),
  steps('selfEnroll', fc.constant(0), method, replica),
  steps('beginSelfReset', method, kinds, replica),
  steps('confirmSelfReset', fc.constantFrom('present', 'present', 'far'), replica),
];
const befalling = [
  steps('initialize', which, replica),
  steps('logIn', mostly, replica),
  steps('logOut', which, replica),
  steps('rule', fc.constantFrom(...ALL_RULES)),
  steps('comeBack', replica),
  steps('replace', method, replica),
  steps('adminSetting', fc.constantFrom('on', 'exempt', 'off')),
  steps('bind', method),
  steps('bind', method),
  steps('reset', method),
  steps('setDisabled', fc.constantFrom(true, false, false)),
  steps('changePassword'),
  steps('changeMethod', settings),
  steps('move', fc.constantFrom(90, 299, 301, 599, 601, 930, -45, -3_600)),
];
const acts = [...signingIn, ...signingIn, ...signingIn, ...befalling];

it(
  'S17 S18 S37 no token without every owed factor proven once and freshly, and no refused step changes anything',
  async () => {
    let people = 0;
    const issued = [0, 0, 0];
    let refused = 0;
    let ownSeeds = 0;
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.commands(acts, { maxCommands: STEPS, size: 'max' }),
        async (held, commands) => {
          stage.clock.advance(PEACE);
          people += 1;
          const machine = await SignInMachine.open(stage, `player-${people}`, second, photograph, held);
          await fc
            .asyncModelRun(() => ({ model: {}, real: machine }), commands)
            .finally(() => machine.close());
          ownSeeds += machine.ownSeeds;
          for (const [factors, times] of machine.issued.entries()) issued[factors]! += times;
          refused += machine.refused;
        },
      ),
      { seed: SEED, numRuns: RUNS, endOnFailure: process.env['FUZZ_SHRINK'] === undefined },
    );
    // The machine went where it matters.
    expect(issued.map((times) => times >= RUNS / 25)).toEqual([true, true, true]);
    expect(refused).toBeGreaterThan(RUNS);
    expect(ownSeeds).toBeGreaterThanOrEqual(RUNS / 25);
  },
  240_000 * Math.max(1, RUNS / 96),
);

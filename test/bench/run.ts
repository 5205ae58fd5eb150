import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildWhenNeeded } from '../../tools/build.ts';
import type { Bench } from './rig/bench.ts';
import type { Score } from './rig/contest.ts';
import { LoadClient } from './rig/load.ts';
import { startPostgres } from './rig/postgres.ts';
import { Report } from './rig/report.ts';
import { Rival } from './rig/rival.ts';
import { makeScene } from './rig/scene.ts';
import { startServer } from './rig/side.ts';
import { startCold } from './works/cold-start.ts';
import { finishSignIns, recordStatements } from './works/finish-sign-in.ts';
import { growLarge } from './works/growth.ts';
import { watchMemory } from './works/memory.ts';
import { signInByPassword } from './works/password.ts';
import { compareReplicas } from './works/replicas.ts';
import { checkTokens } from './works/token-check.ts';

/**
 * `npm run bench`: everything docs/benchmarks.md tells, on this machine alone. First Sallyport against its limits and against better-auth, in
 * turns on one durable PostgreSQL; then what `*.bench.ts` measure of it by itself. Any error, and anything acknowledged that the database
 * does not hold, ends the run.
 */
const USAGE = `npm run bench -- [--only <works>] [--rounds <n>] [--memory-minutes <n>]

  --only              some of check,growth,password,finish,start,replicas,memory,alone (everything)
  --rounds            rounds of each side that count (5)
  --memory-minutes    how long the memory is watched (1); the goal speaks of 10

BENCH_RECORD=1 writes what was measured to docs/benchmarks.md.
`;
const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    'memory-minutes': { type: 'string', default: '1' },
  },
});
const isWanted = (work: string): boolean => options.only?.split(',').includes(work) ?? true;

async function compare(): Promise<void> {
  const postgres = await startPostgres();
  const client = new LoadClient();
  try {
    const scene = await makeScene(postgres, 'ordinary', { owing: 1_500, plain: 1_000, tokens: 1_000 });
    const rival = await Rival.open(postgres, 1_500, scene.passwordHash);
    const server = await startServer(scene.settings);
    const bench: Bench = { postgres, client, scene, server, rival, rounds: Number(options.rounds) };
    for (const database of [scene.database, rival.database]) await postgres.mustBeDurable(database);
    await measure(bench, new Report(postgres));
    for (const database of [scene.database, rival.database]) await postgres.mustBeDurable(database);
    await server.stop();
    await rival.side.stop();
  } finally {
    client.stop();
    await postgres.stop();
  }
}

async function measure(bench: Bench, report: Report): Promise<void> {
  const started = performance.now();
  if (isWanted('check'))
    tellChecks(report, await told(report, 'a token check', checkTokens(bench), CHECK_REMARK));
  if (isWanted('growth')) await report.grown(await growLarge(bench));
  if (isWanted('password'))
    tellPasswords(
      report,
      await told(
        report,
        'a password sign-in without a second factor',
        signInByPassword(bench),
        PASSWORD_REMARK,
      ),
    );
  if (isWanted('finish')) {
    const recorded = await recordStatements(bench);
    for (const [dialect, title] of [
      ['vault', 'finishing a sign-in with TOTP, /v1/sys/mfa/validate'],
      ['appgate', 'finishing a sign-in with TOTP, /admin/authentication/otp'],
    ] as const)
      tellFinishes(
        report,
        title,
        await told(report, title, finishSignIns(bench, dialect, recorded), FINISH_REMARK),
      );
  }
  if (isWanted('start')) await report.started(await startCold(bench));
  if (isWanted('replicas')) await report.crewed(await compareReplicas(bench));
  if (isWanted('memory')) await report.held(await watchMemory(bench, Number(options['memory-minutes'])));
  await report.close(`The comparisons took ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`);
}

async function told(
  report: Report,
  title: string,
  scores: Promise<Score[]>,
  remark: string,
): Promise<Score[]> {
  await report.compared(title, await scores, remark);
  return scores;
}

const CHECK_REMARK =
  'The limit is Fastify with one route that runs the one prepared SELECT of a token check and answers the row; it judges nothing, ' +
  'and sends a statement for each request, where the server sends one for up to 16 that come at one moment. ' +
  '`lookup-self` checks a token and its policies; `local-users/{id}` a token of `/admin`, its session, what is owed and its privileges, and reads the ' +
  'user. better-auth: `get-session`, without its copy of the session in a cookie.';
const PASSWORD_REMARK =
  'Argon2id, 19 MiB, 2 passes; better-auth with the same, and with the scrypt it has unless told otherwise; 16 at once. The limit compares hashes and ' +
  'does nothing else. better-auth counts no failed passwords and keeps no audit.';
const FINISH_REMARK =
  '32 connections. The limit sends the statements the server was recorded to send, with their values, through a pool of the same size, without HTTP ' +
  'and without a client beside it; one after the other, as pg does, where the server lets those travel together that need not wait, and shares reads with ' +
  'those who come at the same moment. better-auth: `two-factor/verify-totp`; it accepts a code again in another sign-in, and keeps no audit.';

function tellChecks(report: Report, [bare, lookUp, read, rival]: Score[]): void {
  report.ratioGoal('lookup-self', lookUp!, bare!, 0.7);
  report.ratioGoal('local-users/{id}', read!, bare!, 0.7);
  report.ratioGoal('a token check', lookUp!, rival!, 5);
}

function tellPasswords(report: Report, [bare, ours, rival, asShipped]: Score[]): void {
  report.ratioGoal('a password sign-in', ours!, bare!, 0.9);
  report.ratioGoal('a password sign-in', ours!, rival!, 3);
  report.ratioGoal('a password sign-in', ours!, asShipped!, 3);
}

function tellFinishes(report: Report, title: string, [bare, ours, rival]: Score[]): void {
  report.ratioGoal(title, ours!, bare!, 0.7);
  report.goal(`${title}, p99 at 32 connections`, 'under 25 ms', `${ours!.p99.toFixed(1)} ms`, ours!.p99 < 25);
  report.ratioGoal(title, ours!, rival!, 10);
}

/** The files that look at one thing of ours each. */
function measureAlone(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [vitest, 'bench', '--run', 'test/bench'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}

process.once('SIGINT', () => process.exit(130));
if (options.help) process.stdout.write(USAGE);
else {
  buildWhenNeeded();
  if (options.only !== 'alone') await compare();
  if (isWanted('alone')) measureAlone();
}

import { type Database, schemaStanding, single } from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

/** The oldest PostgreSQL that is supported. */
const OLDEST = 140_000;
/** Seconds a replica may differ from the database (S93). */
const MOST_DIFFERENCE = 5;

interface Facts {
  [column: string]: unknown;
  version: number;
  version_text: string;
  standby: boolean;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  milliseconds: string;
  superuser: boolean;
}

/** Whether the database can be trusted with what is acknowledged (S94), is of this version, and has our time (S93). */
export async function checkDatabase(sql: Database, clock: () => Date): Promise<Finding[]> {
  const before = clock().getTime();
  const facts = single(await sql.query<Facts>(FACTS));
  const middle = (before + clock().getTime()) / 2;
  const findings = [...judgeServer(facts), judgeClock(Number(facts.milliseconds) - middle)];
  return [...findings, ...(await judgeSchema(sql))];
}

function judgeServer(facts: Facts): Finding[] {
  const check = 'database';
  const findings: Finding[] = [];
  if (facts.version < OLDEST)
    findings.push(wrong(check, `PostgreSQL ${facts.version_text} is too old`, 'Use PostgreSQL 14 or newer.'));
  if (facts.standby)
    findings.push(
      wrong(check, 'this is a standby', 'Let DATABASE_URL name the primary: decisions are made there only.'),
    );
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'] as const)
    if (facts[setting] === 'off')
      findings.push(
        wrong(
          check,
          `${setting} is off: a crash could bring a spent code back`,
          `Set ${setting} = on in postgresql.conf.`,
        ),
      );
  if (facts.superuser)
    findings.push(
      warning(
        check,
        'the role in DATABASE_URL is a superuser',
        'Use a role that only owns its database: `CREATE ROLE sallyport LOGIN`.',
      ),
    );
  return findings.length > 0 ? findings : [ok(check, `PostgreSQL ${facts.version_text} answers`)];
}

function judgeClock(difference: number): Finding {
  const seconds = (Math.abs(difference) / 1000).toFixed(1);
  if (Math.abs(difference) > MOST_DIFFERENCE * 1000)
    return wrong(
      'clock',
      `this host and the database differ by ${seconds} s`,
      'Let NTP set both clocks: codes are judged by the clock.',
    );
  return ok('clock', `this host and the database differ by ${seconds} s`);
}

async function judgeSchema(sql: Database): Promise<Finding[]> {
  const { pending, unknown } = await schemaStanding(sql);
  if (unknown.length > 0)
    return [
      wrong(
        'schema',
        'a newer version has changed this database',
        'Start that version, or restore the backup of before.',
      ),
    ];
  if (pending.length > 0)
    return [
      warning(
        'schema',
        `${pending.length} migrations have not run`,
        'Run `sallyport migrate`, or start the server.',
      ),
    ];
  return [ok('schema', 'it is of this version')];
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
    pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit, extract(epoch FROM clock_timestamp()) * 1000 AS milliseconds,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`;

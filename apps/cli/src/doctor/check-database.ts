import {
  type Clock,
  type Config,
  type Database,
  databaseStanding,
  type DatabaseStanding,
  differenceOf,
  doubtsAbout,
  schemaStanding,
} from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

/** The oldest PostgreSQL that is supported. */
const OLDEST = 140_000;

/** Whether the database can be trusted with what is acknowledged (S94), is of this version, and has our time (S93). */
export async function checkDatabase(sql: Database, clock: Clock, config: Config): Promise<Finding[]> {
  const standing = await databaseStanding(sql, clock);
  return [...judgeServer(standing, config), ...(await judgeSchema(sql))];
}

function judgeServer(standing: DatabaseStanding, { acceptedOff }: Config): Finding[] {
  const accepted = new Set<string>(acceptedOff);
  const findings = doubtsAbout(standing).map(({ about, message, remedy }) =>
    (accepted.has(about) ? warning : wrong)(about === 'clock' ? 'clock' : 'database', message, remedy),
  );
  if (standing.version < OLDEST)
    findings.unshift(
      wrong('database', `PostgreSQL ${standing.versionText} is too old`, 'Use PostgreSQL 14 or newer.'),
    );
  if (findings.every(({ check }) => check !== 'database'))
    findings.unshift(ok('database', `PostgreSQL ${standing.versionText} answers`));
  if (findings.every(({ check }) => check !== 'clock'))
    findings.push(ok('clock', differenceOf(standing.aheadBy)));
  return findings;
}

async function judgeSchema(sql: Database): Promise<Finding[]> {
  const { pending, unknown, servable } = await schemaStanding(sql);
  if (unknown.length > 0 && servable)
    return [
      warning(
        'schema',
        'a newer version has changed this database; this one may serve beside it',
        'Bring this one to that version too.',
      ),
    ];
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

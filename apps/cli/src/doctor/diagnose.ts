import {
  causeOf,
  Clock,
  type Config,
  ConfigError,
  createDataSource,
  Database,
  type Environment,
  isPoolerRefusal,
  type MasterKey,
  readConfig,
  readMasterKey,
  unreached,
} from '@sallyport/platform';
import { openConsoleDatabase, masterKeyFileOf } from '../console/console-database.js';
import { EXIT } from '../console/exit-codes.js';
import type { Answer } from '../console/terminal.js';
import { checkDatabase } from './check-database.js';
import { checkFiles } from './check-files.js';
import { checkKeys } from './check-keys.js';
import { checkPooler } from './check-pooler.js';
import { checkRoles } from './check-roles.js';
import { checkTls } from './check-tls.js';
import { type Finding, ok, wrong } from './finding.js';

const MARKS = { ok: '✓', warning: '!', wrong: '✗' } as const;

/** Looks at everything that can be looked at, whatever else is wrong; changes nothing. */
export async function diagnose(environment: Environment): Promise<Answer> {
  const findings = await findAll(environment, new Clock());
  const healthy = findings.every(({ state }) => state !== 'wrong');
  return {
    data: { healthy, findings },
    lines: findings.flatMap(({ check, state, message, remedy }) => [
      `${MARKS[state]} ${check}: ${message}`,
      ...(remedy === undefined ? [] : [`    ${remedy}`]),
    ]),
    exitCode: healthy ? EXIT.done : EXIT.failed,
  };
}

async function findAll(environment: Environment, clock: Clock): Promise<Finding[]> {
  const config = configOf(environment);
  if (Array.isArray(config)) return config;
  return [
    ok('settings', 'they can be read'),
    ...(await checkFiles(config)),
    ...checkTls(config, clock.now()),
    ...(await checkStore(config, clock)),
  ];
}

function configOf(environment: Environment): Config | Finding[] {
  try {
    return readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return refusals('settings', error);
    throw error;
  }
}

async function checkStore(config: Config, clock: Clock): Promise<Finding[]> {
  const masterKey = masterKeyOf(config);
  const keyFindings = Array.isArray(masterKey) ? masterKey : [];
  try {
    return [
      ...keyFindings,
      ...(await lookInside(config, Array.isArray(masterKey) ? null : masterKey, clock)),
    ];
  } catch (error) {
    if (error instanceof ConfigError) return [...keyFindings, ...refusals('database', error)];
    if (isPoolerRefusal(error))
      return [
        ...keyFindings,
        wrong('database', 'a pooler answers', 'Set SALLYPORT_DATABASE_POOLER=transaction.'),
      ];
    const { message, remedy } = unreached(error) ?? {
      message: `it does not answer (${causeOf(error) ?? 'no code'})`,
      remedy: 'See that PostgreSQL runs, that DATABASE_URL names it, and that its role may log in.',
    };
    return [...keyFindings, wrong('database', message, remedy)];
  }
}

async function lookInside(config: Config, masterKey: MasterKey | null, clock: Clock): Promise<Finding[]> {
  const database = await openConsoleDatabase(config);
  const { url, pooled } = database;
  const dataSource = createDataSource({ url, pooled, poolSize: 2, entities: [] });
  try {
    await dataSource.initialize();
    const sql = new Database(dataSource);
    const findings = [...(await checkDatabase(sql, clock, config)), ...(await checkPooler(config, clock))];
    const current = findings.some(({ check, state }) => check === 'schema' && state === 'ok');
    if (!current) return findings;
    const roles = await checkRoles(database.urls);
    const keys = masterKey === null ? [] : await checkKeys(sql, masterKey, clock);
    return [...findings, ...roles, ...keys];
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await database.leave();
  }
}

function masterKeyOf(config: Config): MasterKey | Finding[] {
  try {
    return readMasterKey(masterKeyFileOf(config));
  } catch (error) {
    if (error instanceof ConfigError) return refusals('keys', error);
    throw error;
  }
}

function refusals(check: string, { problems }: ConfigError): Finding[] {
  return problems.map(({ setting, problem }) =>
    wrong(check, `${setting}: ${problem}`, `Set ${setting} as docs/operations.md says, and try again.`),
  );
}

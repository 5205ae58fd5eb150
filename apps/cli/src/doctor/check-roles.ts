import {
  causeOf,
  ConfigError,
  createDataSource,
  Database,
  type DatabaseUrls,
  type RoleStanding,
  roleStanding,
  settleRoles,
} from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

const CHECK = 'roles';
const WHERE = 'docs/operations.md#database-roles';

/** Whether the server works as a role that may do what it must and no more (S74, S96). The schema is of this version. */
export async function checkRoles(urls: DatabaseUrls): Promise<Finding[]> {
  try {
    const { owner, server, shortcoming } = await settleRoles(urls, false);
    if (shortcoming !== null)
      return [
        warning(
          CHECK,
          `the server works as the role that owns its tables (${shortcoming})`,
          `Make it a role of its own and name the owner in SALLYPORT_MIGRATION_DATABASE_URL: ${WHERE}.`,
        ),
      ];
    const owners = owner === null ? [] : judgeOwner(await standingAt(owner));
    return [...judgeServer(await standingAt(server, urls.pooled)), ...owners];
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = causeOf(error) ?? 'no code';
    return [
      wrong(
        CHECK,
        `the server's role does not get in (${code})`,
        `See that DATABASE_URL names a role that may log in: ${WHERE}.`,
      ),
    ];
  }
}

function judgeServer({ role, tooMuch, missing }: RoleStanding): Finding[] {
  const findings: Finding[] = [];
  if (missing.length > 0)
    findings.push(
      wrong(CHECK, `the role ${role} lacks ${missing.join(', ')}`, 'Run `sallyport migrate` as the owner.'),
    );
  if (tooMuch.length > 0)
    findings.push(
      warning(
        CHECK,
        `the role ${role} ${tooMuch.join(', and ')}`,
        `Run \`sallyport migrate\` as the owner; what it leaves, take from the role by hand: ${WHERE}.`,
      ),
    );
  return findings.length > 0
    ? findings
    : [ok(CHECK, `the server works as ${role}, which may do what it must and no more`)];
}

function judgeOwner({ role, tooMuch }: RoleStanding): Finding[] {
  if (!tooMuch.includes('is a superuser')) return [];
  return [
    warning(
      CHECK,
      `the role ${role}, which migrates, is a superuser`,
      `Let a role own the database that is none: ${WHERE}.`,
    ),
  ];
}

async function standingAt(url: string, pooled = false): Promise<RoleStanding> {
  const dataSource = createDataSource({ url, poolSize: 1, entities: [], pooled });
  try {
    await dataSource.initialize();
    return await roleStanding(new Database(dataSource));
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

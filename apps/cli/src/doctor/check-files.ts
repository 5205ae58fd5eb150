import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BreachedList } from '@sallyport/identity';
import { type Config, ConfigError, dataFolderProblem } from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

const CHECK = 'files';

/** What lies on the disk and should not, is open to others, or cannot be used as a setting says. */
export async function checkFiles(config: Config): Promise<Finding[]> {
  const findings = [
    ...checkDataFolder(config),
    ...(await checkBreachedList(config)),
    ...checkCheckpointFile(config),
  ];
  return findings.length > 0 ? findings : [ok(CHECK, 'nothing lies where it should not')];
}

function checkDataFolder({ dataDirectory, databaseUrl }: Config): Finding[] {
  const problem = dataFolderProblem(dataDirectory);
  // With a database elsewhere little is in it, and it may be read-only.
  if (problem !== null) return databaseUrl === null ? [unusable('SALLYPORT_DATA_DIR', problem)] : [];
  const findings: Finding[] = [];
  if (existsSync(join(dataDirectory, 'bootstrap.json')))
    findings.push(
      warning(
        CHECK,
        'bootstrap.json with the first credentials is still there',
        'Move its content to a safe place and delete it.',
      ),
    );
  if (existsSync(dataDirectory) && (statSync(dataDirectory).mode & 0o007) !== 0)
    findings.push(warning(CHECK, 'the data folder is open to everybody', 'chmod 700 it.'));
  return findings;
}

async function checkBreachedList({ breachedPasswordsFile }: Config): Promise<Finding[]> {
  if (breachedPasswordsFile === null)
    return [
      warning(
        CHECK,
        'no list of breached passwords',
        'Name one with SALLYPORT_BREACHED_PASSWORDS_FILE; the built-in list holds only common ones.',
      ),
    ];
  const list = new BreachedList(breachedPasswordsFile);
  try {
    await list.onModuleInit();
    await list.onApplicationShutdown();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ setting, problem }) => unusable(setting, problem));
  }
}

/** Nothing is written to try it. */
function checkCheckpointFile({ auditCheckpointFile }: Config): Finding[] {
  if (auditCheckpointFile === null) return [];
  const setting = 'SALLYPORT_AUDIT_CHECKPOINT_FILE';
  try {
    if (!existsSync(auditCheckpointFile))
      accessSync(dirname(auditCheckpointFile), constants.W_OK | constants.X_OK);
    else if (statSync(auditCheckpointFile).isDirectory())
      return [unusable(setting, 'must be a file, and there is a folder in its place')];
    else accessSync(auditCheckpointFile, constants.R_OK | constants.W_OK);
    return [];
  } catch (error) {
    return [unusable(setting, `the file cannot be written (${(error as NodeJS.ErrnoException).code})`)];
  }
}

function unusable(setting: string, problem: string): Finding {
  return wrong(CHECK, `${setting}: ${problem}`, `Set ${setting} as docs/operations.md says, and try again.`);
}

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@sallyport/platform';
import { type Finding, ok, warning } from './finding.js';

/** What lies on the disk and should not, or is open to others. */
export function checkFiles({ dataDirectory, breachedPasswordsFile }: Config): Finding[] {
  const check = 'files';
  const findings: Finding[] = [];
  if (existsSync(join(dataDirectory, 'bootstrap.json')))
    findings.push(
      warning(
        check,
        'bootstrap.json with the first credentials is still there',
        'Move its content to a safe place and delete it.',
      ),
    );
  if (existsSync(dataDirectory) && (statSync(dataDirectory).mode & 0o007) !== 0)
    findings.push(warning(check, 'the data folder is open to everybody', 'chmod 700 it.'));
  if (breachedPasswordsFile === null)
    findings.push(
      warning(
        check,
        'no list of breached passwords',
        'Name one with SALLYPORT_BREACHED_PASSWORDS_FILE; the built-in list holds only common ones.',
      ),
    );
  return findings.length > 0 ? findings : [ok(check, 'nothing lies where it should not')];
}

import {
  ConfigError,
  type Database,
  KeyInventoryService,
  type Clock,
  type MasterKey,
  mustOpenDataKeys,
} from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

const CHECK = 'keys';

/** Whether the master key is the right one, and no key is overdue (S67, S71). The schema is of this version. */
export async function checkKeys(sql: Database, masterKey: MasterKey, clock: Clock): Promise<Finding[]> {
  try {
    await mustOpenDataKeys(sql, masterKey);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      wrong(
        CHECK,
        'the master key does not open the data keys of this database',
        'Put the key back that goes with this database, from its own backup. No other will do.',
      ),
    ];
  }
  const { dataKeys, masterKeys, unfinishedSince } = await new KeyInventoryService(
    sql,
    masterKey,
    clock,
  ).list();
  const findings: Finding[] = [];
  if (unfinishedSince !== null)
    findings.push(
      warning(CHECK, 'a rotation is not finished', 'Run `sallyport keys rotate`: it goes on where it was.'),
    );
  for (const key of dataKeys.filter(({ overdue }) => overdue))
    findings.push(
      warning(CHECK, `data key ${key.id} is ${key.ageDays} days old`, 'Run `sallyport keys rotate`.'),
    );
  for (const key of masterKeys.filter(({ overdue }) => overdue))
    findings.push(
      warning(
        CHECK,
        `master key ${key.id} is ${key.ageDays} days old`,
        'Run `sallyport keys add-master`, then `sallyport keys rotate --master`.',
      ),
    );
  const spare = masterKeys.filter((key) => key.dataKeys === 0);
  if (spare.length > 0 && dataKeys.length > 0)
    findings.push(
      warning(
        CHECK,
        `master keys in the file that wrap nothing: ${spare.map(({ id }) => id).join(', ')}`,
        'Go on with `sallyport keys rotate --master`, or take them out with `sallyport keys drop-master`.',
      ),
    );
  return findings.length > 0
    ? findings
    : [ok(CHECK, `the master key opens ${dataKeys.length} data keys; none is overdue`)];
}

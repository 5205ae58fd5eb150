import {
  causeOf,
  type Clock,
  type Config,
  createDataSource,
  Database,
  databaseStanding,
} from '@sallyport/platform';
import { type Finding, ok, wrong } from './finding.js';

const CHECK = 'pooler';

/** Whether the sessions a pooler gives out are limited as the server's own would be (S92). Without a pooler there is nothing to say. */
export async function checkPooler({ databaseUrl, databasePooled }: Config, clock: Clock): Promise<Finding[]> {
  if (databaseUrl === null || !databasePooled) return [];
  const dataSource = createDataSource({ url: databaseUrl, poolSize: 1, entities: [], pooled: true });
  try {
    await dataSource.initialize();
    const { unlimited } = await databaseStanding(new Database(dataSource), clock);
    return unlimited.length === 0
      ? [ok(CHECK, 'the sessions it gives out end statements, locks and idle transactions in time')]
      : [
          wrong(
            CHECK,
            `a session it gave out has no ${unlimited.join(', no ')}`,
            'Start the server, which sets them for its role, or set them as docs/operations.md#growing says; then RECONNECT in PgBouncer.',
          ),
        ];
  } catch (error) {
    const code = causeOf(error) ?? 'no code';
    return [
      wrong(CHECK, `it does not answer (${code})`, 'See that PgBouncer runs and that DATABASE_URL names it.'),
    ];
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

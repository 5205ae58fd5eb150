/** Stands for every network unknown to a subject, or for every name a network is not known to. */
export const ALL = '*';

/** In how many rows a try counts: from a network its subject knows in one. */
const COUNTS = [1, 3];

/**
 * A statement for each number of rows, by that number. They are a list of values: arrays would be planned anew each time.
 * @param text of the list's rows: `(subject, network, …)` in the order in which rows are taken, so that no two tries wait for each other.
 * @param first number of the list's first parameter; a row's values follow one another.
 */
function byCount(
  text: (rows: string) => string,
  first: number,
  columns: Record<string, string> = { subject: 'text', network: 'text' },
): ReadonlyMap<number, string> {
  const types = Object.values(columns);
  const listOf = (count: number): string => {
    const rows = Array.from({ length: count }, (_, row) =>
      types.map((type, place) => `$${first + row * types.length + place}::${type}`).join(', '),
    );
    return `(VALUES (${rows.join('), (')})) AS tried (${Object.keys(columns).join(', ')})`;
  };
  return new Map(COUNTS.map((count) => [count, text(`(SELECT * FROM ${listOf(count)} ORDER BY 1, 2) AS w`)]));
}

const FORGOTTEN = `t.last_failure_at < CASE WHEN '${ALL}' IN (t.subject, t.network) THEN $3::timestamptz ELSE $2::timestamptz END`;

/**
 * $1 now, $2 rule's peace ended, $3 shared peace ended, $4 names at once, $5 tries at once, then subject and network of each row. Answers
 * the rows that were free.
 */
export const BOOK = byCount(
  (rows) => `
  INSERT INTO password_throttles AS t (subject, network, bookings, updated_at)
  SELECT w.subject, w.network, ARRAY[$1::timestamptz], $1 FROM ${rows}
  ON CONFLICT (subject, network) DO UPDATE SET bookings = t.bookings || $1::timestamptz, updated_at = $1,
    failures = CASE WHEN ${FORGOTTEN} THEN 0 ELSE t.failures END,
    wait_until = CASE WHEN ${FORGOTTEN} THEN NULL ELSE t.wait_until END
  WHERE (t.wait_until IS NULL OR t.wait_until <= $1 OR ${FORGOTTEN})
    AND cardinality(t.bookings) < CASE t.subject WHEN '${ALL}' THEN $4::int ELSE $5::int END
  RETURNING subject, network`,
  6,
);

/** Row by row, in the order of the list: a join of the two would read the whole table for as long as that is small. */
const EACH_HELD = `CROSS JOIN LATERAL (
      SELECT subject, network, failures, bookings, wait_until FROM password_throttles
      WHERE subject = w.subject AND network = w.network FOR UPDATE
    ) AS t`;

/**
 * A try that counts neither way is no longer under way: $1 when it was booked, $2 now, $3 lost before, then subject and network of each row.
 * Answers the rows that held no tries whose replica died; the others are left to SETTLE, which counts those.
 */
export const RELEASE = byCount(
  (rows) => `
  WITH held AS (
    SELECT t.*, $3::timestamptz > ANY (t.bookings) AS with_lost FROM ${rows} ${EACH_HELD}
  )
  UPDATE password_throttles t SET updated_at = $2,
    bookings = ARRAY(SELECT b FROM unnest(h.bookings) WITH ORDINALITY AS u (b, n)
                     WHERE n IS DISTINCT FROM array_position(h.bookings, $1::timestamptz))
  FROM held h WHERE t.subject = h.subject AND t.network = h.network AND NOT h.with_lost
  RETURNING t.subject, t.network`,
  4,
);

/** Names that failed of late from the row's network, which it is not known to; as many as it may fail on at most. */
const OTHER_NAMES = `(
  SELECT count(*) FROM (
    SELECT 1 FROM password_throttles n
    WHERE n.network = lost.network AND n.subject <> '${ALL}' AND n.subject <> $4 AND n.last_failure_at > $5
      AND NOT EXISTS (SELECT 1 FROM known_networks k WHERE k.network = n.network AND k.last_sign_in_at > $6
                      AND k.account_id = CASE WHEN length(n.subject) = 36 THEN n.subject::uuid END)
    LIMIT $7::int
  ) failed)`;

/**
 * Ends bookings, and counts: the try itself where it failed, and tries whose replica died.
 * $1 now, $2 lost before, $3 whether the try failed, $4 the subject, $5 the names' window, $6 known since, $7 names without a wait, $8 $9 $10
 * seconds to wait by count: of the rule, shared, of names; then subject, network, and the time of the try's booking or null, of each row.
 */
export const SETTLE = byCount(
  (rows) => `
  WITH held AS (
    SELECT t.*, w.mine FROM ${rows} ${EACH_HELD}
  ), lost AS (
    SELECT *, (SELECT count(*) FROM unnest(bookings) b WHERE b < $2)::int AS lost, coalesce(mine >= $2 AND mine = ANY (bookings), false) AS mine_runs
    FROM held
  ), counted AS (
    SELECT *, failures + CASE
        WHEN subject <> '${ALL}' THEN lost + (mine_runs AND $3)::int
        WHEN NOT (mine_runs AND $3) THEN 0
        WHEN wait_until > $5 THEN 1
        ELSE (${OTHER_NAMES} >= $7::int)::int END AS now_failures,
      CASE WHEN subject = '${ALL}' THEN $10::int[] WHEN network = '${ALL}' THEN $9::int[] ELSE $8::int[] END AS waits
    FROM lost
  )
  UPDATE password_throttles t SET failures = c.now_failures, updated_at = $1,
    bookings = ARRAY(SELECT b FROM unnest(c.bookings) WITH ORDINALITY AS u (b, n)
                     WHERE b >= $2 AND (NOT c.mine_runs OR n <> array_position(c.bookings, c.mine))),
    last_failure_at = CASE WHEN c.now_failures > c.failures THEN $1 ELSE t.last_failure_at END,
    wait_until = CASE WHEN c.now_failures = c.failures THEN t.wait_until
      ELSE $1::timestamptz + make_interval(secs => nullif(c.waits[least(c.now_failures, cardinality(c.waits))], 0)) END
  FROM counted c WHERE t.subject = c.subject AND t.network = c.network
  RETURNING t.subject, t.network, t.failures, t.wait_until, c.lost`,
  11,
  { subject: 'text', network: 'text', mine: 'timestamptz' },
);

/**
 * $1 account, $2 network, $3 now, $4 known since. What unknown networks share is forgotten only if this was one of them; what administrators
 * see of failures at the user, always.
 */
export const FULL_SIGN_IN = `
  WITH known AS (
    SELECT 1 FROM known_networks WHERE account_id = $1::uuid AND network = $2 AND last_sign_in_at > $4
  ), learnt AS (
    INSERT INTO known_networks AS k (account_id, network, last_sign_in_at) VALUES ($1::uuid, $2, $3)
    ON CONFLICT (account_id, network) DO UPDATE SET last_sign_in_at = greatest(k.last_sign_in_at, excluded.last_sign_in_at)
  ), shown AS (
    UPDATE local_users SET failed_login_attempts = 0, lock_start = NULL
    WHERE account_id = $1::uuid AND (failed_login_attempts <> 0 OR lock_start IS NOT NULL)
  ), held AS (
    SELECT subject, network FROM password_throttles
    WHERE subject = $1::text AND (failures > 0 OR wait_until IS NOT NULL)
      AND (network = $2 OR (network = '${ALL}' AND NOT EXISTS (SELECT 1 FROM known)))
    ORDER BY subject, network FOR UPDATE
  )
  UPDATE password_throttles t SET failures = 0, wait_until = NULL FROM held
  WHERE t.subject = held.subject AND t.network = held.network`;

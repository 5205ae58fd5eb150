import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { after, Clock, Database, single } from '@sallyport/platform';
import { hasLiveToken } from '@sallyport/tokens';
import { livePartial } from '../sign-in/sign-in-statements.js';
import { type DeviceRow, deviceOf, type RegisteredDevice } from './device-rows.js';
import type { RevokedDevices, TokenKinds } from './revocation.js';

/** Devices one statement looks at: far from the limit of a statement, and others come in between. */
const PAGE = 250;
/** At most so many devices are told one by one, and so many looked at for them. */
export const MOST_TOLD = 1_000;
const MOST_SEEN = 4 * MOST_TOLD;
/** Seconds: no session at `/admin` can be set to last longer (contract appgate.md §5.5), and whoever begins one is seen. */
const LONGEST_SESSION = 86_400;

interface Stamps {
  admin_epoch: string;
  sign_in_epoch: string;
}

/** The last device of a page: where the next one goes on. */
interface Key {
  key_time: string;
  key_account: string;
  key_device: string;
}

type ToldRow = Key & (DeviceRow | { device_id: null });

const NEWEST: Key = {
  key_time: 'infinity',
  key_account: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  key_device: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
};

/** Ends the tokens of `/admin` of everybody by one row, whatever the number of tokens and devices (contract appgate.md §5.6; S40). */
@Injectable()
export class EverybodyRevocationService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The tokens are dead when the stamp is moved; whom that struck is looked up afterwards and changes nothing.
   * @returns the devices that had a live token of these kinds, the newest first, all of them up to 1 000. Of more, 1 000 that were seen last,
   *   and as `total` how many devices there are.
   */
  async revoke(
    { kinds, reason, asked }: { kinds: TokenKinds; reason?: string; asked: string },
    actor: Actor,
  ): Promise<RevokedDevices> {
    const now = this.clock.now();
    const moved = await this.database.transaction(async (tx) => {
      const stamps = single(await tx.query<Stamps>(MOVE, [Number(kinds.full), Number(kinds.partial)]));
      const detail = { asked, reason: reason ?? null, ...kinds, devices: 'all' };
      await this.audit.record(tx, actor, {
        action: 'device.tokens-revoked',
        outcome: 'success',
        object: { type: 'device', id: asked },
        detail,
      });
      return stamps;
    });
    const { devices, all } = await this.struck(moved, kinds, now);
    devices.sort((one, other) => other.onBoardedAt.getTime() - one.onBoardedAt.getTime());
    return { devices, total: all ? devices.length : await this.countAll() };
  }

  /** @returns `all` false: there may be more than these. */
  private async struck(
    before: Stamps,
    kinds: TokenKinds,
    now: Date,
  ): Promise<{ devices: RegisteredDevice[]; all: boolean }> {
    const oldest = after(now, -LONGEST_SESSION);
    const fixed = [now, before.admin_epoch, before.sign_in_epoch, kinds.full, kinds.partial, oldest];
    const devices: RegisteredDevice[] = [];
    let key = NEWEST;
    for (let seen = 0; seen < MOST_SEEN; seen += PAGE) {
      const values = [...fixed, key.key_time, key.key_account, key.key_device];
      const rows = await this.database.query<ToldRow>(TELL, values);
      if (rows[0] === undefined) return { devices, all: true };
      key = rows[0];
      for (const row of rows) if (row.device_id !== null) devices.push(deviceOf(row));
      if (devices.length > MOST_TOLD) break;
    }
    return { devices: devices.slice(0, MOST_TOLD), all: false };
  }

  private async countAll(): Promise<number> {
    return single(await this.database.query<{ devices: number }>(COUNT)).devices;
  }
}

const MOVE = `
  UPDATE installation SET admin_epoch = admin_epoch + $1::integer, sign_in_epoch = sign_in_epoch + $2::integer
  RETURNING admin_epoch - $1::integer AS admin_epoch, sign_in_epoch - $2::integer AS sign_in_epoch`;

// Only tokens that carried the stamp of before were struck by this call: not those issued since, nor those another call ended.
const TELL = `
  WITH page AS MATERIALIZED (
    SELECT * FROM registered_devices
    WHERE last_seen_at >= $6::timestamptz AND (last_seen_at, account_id, device_id) < ($7::timestamptz, $8::uuid, $9::uuid)
    ORDER BY last_seen_at DESC, account_id DESC, device_id DESC LIMIT ${PAGE}
  ), last AS (
    SELECT last_seen_at::text AS key_time, account_id::text AS key_account, device_id::text AS key_device FROM page
    ORDER BY last_seen_at, account_id, device_id LIMIT 1
  )
  SELECT last.*, told.* FROM last LEFT JOIN (
    SELECT d.device_id, a.name AS username, p.name AS provider_name, d.on_boarded_at, d.last_seen_at FROM page d
    JOIN accounts a ON a.id = d.account_id
    JOIN identity_providers p ON p.id = a.identity_provider_id AND p.type <> 'Userpass'
    WHERE $4::boolean AND ${hasLiveToken('d', '$1::timestamptz', '$2::bigint')}
      OR $5::boolean AND EXISTS (SELECT 1 FROM ${livePartial('s', 'd', '$1::timestamptz', '$3::bigint')})
  ) AS told ON true
  ORDER BY told.last_seen_at DESC`;

const COUNT = 'SELECT count(*)::integer AS devices FROM registered_devices';

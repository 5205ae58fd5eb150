import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, Database, DomainError, forEverybody, Keyring, type SealPlace } from '@sallyport/platform';
import { recordTime } from '../audit-record.js';

interface KeyRow {
  id: number;
  sealed_key: Buffer;
}

/** What is sealed: base64 of 32 bytes, base64 of PKCS #8, when, and how many rows were there before there was a key. */
interface KeyContent {
  mac: string;
  signing: string;
  /** As `AuditRecord.at` spells it. */
  madeAt: string;
  unsignedRows: number;
}

/** One key of the audit, opened. */
export class AuditKey {
  private readonly macKey: KeyObject;
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  readonly madeAt: string;
  /** So many rows were written before, and signed by nobody. */
  readonly unsignedRows: number;

  constructor(
    readonly id: number,
    { mac, signing, madeAt, unsignedRows }: KeyContent,
  ) {
    this.macKey = createSecretKey(mac, 'base64');
    this.privateKey = createPrivateKey({
      key: Buffer.from(signing, 'base64'),
      format: 'der',
      type: 'pkcs8',
    });
    this.publicKey = createPublicKey(this.privateKey);
    this.madeAt = madeAt;
    this.unsignedRows = unsignedRows;
  }

  /** HMAC-SHA-256; `purpose` keeps the hash of one thing from passing as that of another. */
  hash(purpose: 'row' | 'seal', content: Buffer): Buffer {
    return createHmac('sha256', this.macKey).update(`${purpose}\0`).update(content).digest();
  }

  matches(purpose: 'row' | 'seal', content: Buffer, hash: Buffer): boolean {
    const right = this.hash(purpose, content);
    return hash.length === right.length && timingSafeEqual(hash, right);
  }

  /** Ed25519, in base64url. */
  sign(content: Buffer): string {
    return sign(null, content, this.privateKey).toString('base64url');
  }

  hasSigned(content: Buffer, signature: string): boolean {
    return verify(null, content, this.publicKey, Buffer.from(signature, 'base64url'));
  }

  /** SPKI in base64, for whoever checks signatures without this server. */
  get publicText(): string {
    return this.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  }
}

/** The keys that sign audit rows and checkpoints: in Postgres only sealed (S74). */
@Injectable()
export class AuditKeysService implements OnApplicationBootstrap {
  private readonly opened = new Map<number, AuditKey>();
  private newest: Promise<AuditKey> | null = null;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /**
   * The first events are written inside transactions: as many of those as there are connections would wait for a key that nobody could
   * read (S92). Where it cannot be read now, whoever needs it is told why.
   */
  async onApplicationBootstrap(): Promise<void> {
    await this.current().catch(() => undefined);
  }

  /** The key new rows are signed with; the first is made here. @throws DomainError `unavailable` without the database; `sealed-value-broken`. */
  current(): Promise<AuditKey> {
    this.newest ??= forEverybody(() => this.findNewest()).catch((error: unknown) => {
      this.newest = null;
      throw error;
    });
    return this.newest;
  }

  /** @returns null where there is no such key. */
  async find(id: number): Promise<AuditKey | null> {
    const known = this.opened.get(id);
    if (known !== undefined) return known;
    const [row] = await this.database.query<KeyRow>('SELECT id, sealed_key FROM audit_keys WHERE id = $1', [
      id,
    ]);
    return row === undefined ? null : this.open(row);
  }

  private async findNewest(): Promise<AuditKey> {
    const row = (await this.readNewest()) ?? (await this.make());
    return this.open(row);
  }

  private async readNewest(): Promise<KeyRow | undefined> {
    const rows = await this.database.query<KeyRow>(
      'SELECT id, sealed_key FROM audit_keys ORDER BY id DESC LIMIT 1',
    );
    return rows[0];
  }

  /** Of replicas that start at once one makes it. */
  private async make(): Promise<KeyRow> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const [rows] = await this.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM audit_events',
    );
    const content: KeyContent = {
      mac: randomBytes(32).toString('base64'),
      signing: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      madeAt: recordTime(this.clock.now()),
      unsignedRows: rows?.count ?? 0,
    };
    const sealed = await this.keyring.seal(Buffer.from(JSON.stringify(content)), placeOf(1));
    await this.database.execute(
      'INSERT INTO audit_keys (id, sealed_key, public_key, created_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING',
      [sealed, publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), this.clock.now()],
    );
    const made = await this.readNewest();
    if (made === undefined)
      throw new DomainError('internal', 'audit-key-missing', 'the key of the audit is missing');
    return made;
  }

  private async open({ id, sealed_key }: KeyRow): Promise<AuditKey> {
    const content = await this.keyring.unseal(sealed_key, placeOf(id));
    const key = new AuditKey(id, JSON.parse(content.toString()) as KeyContent);
    this.opened.set(id, key);
    return key;
  }
}

function placeOf(id: number): SealPlace {
  return { table: 'audit_keys', column: 'sealed_key', row: String(id) };
}

import { Injectable } from '@nestjs/common';
import { AuditService, OPERATOR } from '@sallyport/audit';
import {
  addMasterKey,
  Config,
  dropMasterKeys,
  DomainError,
  KEY_INVENTORY,
  KeyInventoryService,
  KeyRotationService,
  type KeyStanding,
  type RotationRecord,
} from '@sallyport/platform';
import { masterKeyFileOf } from '../console/console-database.js';
import { type Answer, columns } from '../console/terminal.js';

/** The key inventory and the rotation of keys (S68, S71). */
@Injectable()
export class KeyCommands {
  constructor(
    private readonly config: Config,
    private readonly inventory: KeyInventoryService,
    private readonly rotation: KeyRotationService,
    private readonly audit: AuditService,
  ) {}

  /** What there is and how old it is; never a key. */
  async list(): Promise<Answer> {
    const standing = await this.inventory.list();
    return { data: { kinds: KEY_INVENTORY, ...standing }, lines: told(standing) };
  }

  /** Moves everything sealed to a new data key, and deletes the old ones. @throws DomainError as `KeyRotationService.rotate`. */
  async rotate(wish: { master: boolean }): Promise<Answer> {
    const report = await this.rotation.rotate(wish, this.record);
    return {
      data: report,
      lines: [
        ...(report.resumed ? ['Went on with the rotation that was cut short.'] : []),
        `${report.resealed} values are sealed with data key ${report.dataKeyId}, under master key ${report.masterKeyId}.`,
        `Deleted data keys: ${report.deletedKeys.join(', ') || 'none'}. They open nothing any more, also not from a backup of today on.`,
        ...(wish.master
          ? [
              'The old master key opens nothing here: keep it as long as backups made under it, and take it out with `sallyport keys drop-master`.',
            ]
          : []),
      ],
    };
  }

  /** A new master key behind the others; it wraps nothing until `rotate --master`. */
  async addMaster(): Promise<Answer> {
    const { masterKeys } = await this.inventory.list();
    const spare = masterKeys.find(({ dataKeys, inUseSince }) => dataKeys === 0 && inUseSince === null);
    if (spare !== undefined)
      throw new DomainError(
        'conflict',
        'master-key-waiting',
        `Master key ${spare.id} is in the file already and was never used.`,
      );
    const id = addMasterKey(masterKeyFileOf(this.config));
    return {
      data: { masterKeyId: id },
      lines: [
        `Master key ${id} stands behind the others in the master key file.`,
        'Give every replica this file, then run `sallyport keys rotate --master`. No replica needs a restart.',
      ],
    };
  }

  /** Takes master keys that wrap nothing out of the file. */
  async dropMaster(): Promise<Answer> {
    const { masterKeys } = await this.inventory.list();
    const needed = new Set(masterKeys.filter(({ dataKeys }) => dataKeys > 0).map(({ id }) => id));
    const dropped = dropMasterKeys(masterKeyFileOf(this.config), (id) => needed.has(id));
    return {
      data: { dropped },
      lines: [
        dropped.length === 0
          ? 'Every key in the file is needed.'
          : `Taken out of the master key file: ${dropped.join(', ')}.`,
      ],
    };
  }

  private readonly record: RotationRecord = (tx, { kind, id, detail }) =>
    this.audit.record(tx, OPERATOR, {
      action: kind === 'begun' ? 'key.rotation-begun' : 'key.rotated',
      outcome: 'success',
      object: { type: 'key-rotation', id },
      detail,
    });
}

function told({ dataKeys, masterKeys, unfinishedSince }: KeyStanding): string[] {
  return [
    'Kinds of keys',
    ...columns(KEY_INVENTORY.map((kind) => [`  ${kind.name}`, kind.algorithm, kind.place])),
    '',
    'Master keys',
    ...columns(
      masterKeys.map((key) => [
        `  ${key.id}`,
        key.ageDays === null ? 'never used' : `${key.ageDays} days`,
        `wraps ${key.dataKeys}`,
        key.overdue ? 'OVERDUE: rotate it' : '',
      ]),
    ),
    '',
    'Data keys',
    ...columns(
      dataKeys.map((key) => [
        `  ${key.id}`,
        `${key.ageDays} days`,
        key.retiredAt === null ? 'seals' : 'opens only',
        `${key.values} values`,
        `under ${key.masterKeyId}`,
        key.overdue ? 'OVERDUE: rotate it' : '',
      ]),
    ),
    ...(unfinishedSince === null
      ? []
      : [
          '',
          `A rotation begun at ${unfinishedSince.toISOString()} is not finished: \`sallyport keys rotate\` goes on with it.`,
        ]),
  ];
}

import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataKeys } from './data-keys.service.js';
import { dataKey, dataKeyIdOf, sealWith, type SealPlace, unsealWith } from './sealed-value.js';

/** The number of the key of decoys, which no row of data keys has. */
const DECOY_KEY_ID = 0;

/** Seals secrets under data keys, for one place each (S65-S67). */
@Injectable()
export class Keyring {
  /** Of this process alone. */
  private readonly decoyKey = dataKey(DECOY_KEY_ID, randomBytes(32));

  constructor(private readonly dataKeys: DataKeys) {}

  /** @param secret what is sealed. @returns the sealed bytes. @throws DomainError `unavailable` without the database. */
  async seal(secret: Buffer, place: SealPlace): Promise<Buffer> {
    return sealWith(await this.dataKeys.forOneSeal(), secret, place);
  }

  /** @throws DomainError `sealed-value-broken` when the value was moved, changed or cut; never empty or plain. */
  async unseal(sealed: Buffer, place: SealPlace): Promise<Buffer> {
    const id = dataKeyIdOf(sealed, place);
    const key = id === DECOY_KEY_ID ? this.decoyKey : await this.dataKeys.byId(id);
    return unsealWith(key, sealed, place);
  }

  /**
   * Random bytes, sealed, that open at this place in this process alone and belong to nobody: opening them takes as long as opening a secret,
   * for whoever has none (S23).
   */
  decoy(length: number, place: SealPlace): Buffer {
    return sealWith(this.decoyKey, randomBytes(length), place);
  }
}

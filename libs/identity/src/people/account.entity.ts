import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A principal's login at one identity provider. `/v1` calls it entity alias; it outlives the local user (vault.md §8). */
@Entity('accounts')
export class Account {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'identity_provider_id' })
  identityProviderId!: string;

  @Column('uuid', { name: 'principal_id' })
  principalId!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'name_canonical' })
  nameCanonical!: string;

  @Column('jsonb', { name: 'custom_metadata' })
  customMetadata!: Record<string, string>;

  /** Persons whose login it was before they were merged into its present one. */
  @Column('uuid', { name: 'merged_from_ids', array: true })
  mergedFromIds!: string[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

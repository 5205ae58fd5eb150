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

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

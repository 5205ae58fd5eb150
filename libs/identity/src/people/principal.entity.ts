import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person, once, whatever it signs in with. `/v1` calls it entity; without a name it is not shown there yet (vault.md §1.3). */
@Entity('principals')
export class Principal {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { nullable: true })
  name!: string | null;

  @Column('text', { name: 'name_canonical', nullable: true })
  nameCanonical!: string | null;

  @Column('jsonb')
  metadata!: Record<string, string>;

  /** ACL policies of the person itself (`/v1`). */
  @Column('text', { array: true })
  policies!: string[];

  @Column('boolean')
  disabled!: boolean;

  /** Persons that were merged into this one. */
  @Column('uuid', { name: 'merged_ids', array: true })
  mergedIds!: string[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

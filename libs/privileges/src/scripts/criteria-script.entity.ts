import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A function policy expressions may call by its name, where that is an identifier (contract appgate.md §6.1). */
@Entity('criteria_scripts')
export class CriteriaScript {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'name_canonical' })
  nameCanonical!: string;

  @Column('text')
  notes!: string;

  @Column('text', { array: true })
  tags!: string[];

  /** Body of a JavaScript function; runs in the sandbox only (S52). */
  @Column('text')
  expression!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

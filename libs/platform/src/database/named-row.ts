import { Column, PrimaryColumn } from 'typeorm';

/** The columns that every table of named objects has (BaseEntity, contract appgate.md §1.5). */
export abstract class NamedRow {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  /** The form in which names are unique and compared (S51, S80). */
  @Column('text', { name: 'name_canonical' })
  nameCanonical!: string;

  @Column('text')
  notes!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

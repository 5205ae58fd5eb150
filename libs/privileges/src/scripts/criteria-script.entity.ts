import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';

/** A function policy expressions may call by its name, where that is an identifier (contract appgate.md §6.1). */
@Entity('criteria_scripts')
export class CriteriaScript extends NamedRow {
  /** Body of a JavaScript function; runs in the sandbox only (S52). */
  @Column('text')
  expression!: string;
}

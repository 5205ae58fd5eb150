import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';

/** Adds claims of its own to the users of the providers that name it: `claims.user.agScripted` (contract appgate.md §5.4, §6.1). */
@Entity('user_scripts')
export class UserScript extends NamedRow {
  /** Body of a JavaScript function; runs in the sandbox only (S52). */
  @Column('text')
  expression!: string;
}

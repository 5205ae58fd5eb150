import type { NamedRow } from '@sallyport/platform';

/** What every named object is (BaseEntity, contract appgate.md §1.5). */
export interface NamedObject extends NamedRow {
  /** Present where a collection has objects that come with the installation (§9). */
  builtIn?: boolean;
}

type Managed = 'id' | 'nameCanonical' | 'builtIn' | 'createdAt' | 'updatedAt';

/** An object as a caller writes it: `id` only where the caller chose one; a field that is undefined keeps what is stored. */
export type ObjectValues<T extends NamedObject> = Omit<T, Managed> & { id?: string };

/** What every named object is (BaseEntity, contract appgate.md §1.5). */
export interface NamedObject {
  id: string;
  name: string;
  /** The form in which names are unique and compared (S51, S80). */
  nameCanonical: string;
  notes: string;
  tags: string[];
  /** Present where a collection has objects that come with the installation (§9). */
  builtIn?: boolean;
  createdAt: Date;
  updatedAt: Date;
}

type Managed = 'id' | 'nameCanonical' | 'builtIn' | 'createdAt' | 'updatedAt';

/** An object as a caller writes it: `id` only where the caller chose one; a field that is undefined keeps what is stored. */
export type ObjectValues<T extends NamedObject> = Omit<T, Managed> & { id?: string };

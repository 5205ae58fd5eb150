import { canonicalName } from '@sallyport/identity';
import { type ListField, type ListSource, timeText } from '@sallyport/platform';

/** What every collection of named objects is ordered and filtered by (contract appgate.md §1.7). */
export const NAMED_FIELDS: Readonly<Record<string, ListField>> = {
  name: { order: 'name_canonical', required: true, filter: 'name_canonical', fold: canonicalName },
  id: { order: 'id', required: true, filter: 'id::text' },
  created: { order: 'created_at', required: true, filter: timeText('created_at') },
  updated: { order: 'updated_at', required: true, filter: timeText('updated_at') },
  tags: { filter: 'tags', whole: true },
};

/** Queries look at the name alone, and the one that is equal comes first: clients take the first hit (§1.7). */
export const NAMED_SEARCH: Pick<ListSource, 'key' | 'search' | 'fold' | 'exactFirst'> = {
  key: 'id',
  search: ['name_canonical'],
  fold: canonicalName,
  exactFirst: 'name',
};

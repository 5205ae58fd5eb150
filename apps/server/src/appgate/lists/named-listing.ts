import type { Listing } from './list-request.js';

const NAMED = ['name', 'id', 'created', 'updated'];

/** What the list of a collection of named objects offers, with the fields of its own (appgate.md §1.7). */
export function namedListing(...own: string[]): Listing {
  const orders = [...NAMED, ...own];
  return { orders, filters: [...orders, 'tags'], orderBy: 'name' };
}

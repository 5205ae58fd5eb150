import type { ListRequest } from './list-request.js';

/** One page of a list, with how many items there are. */
export interface Page<T> {
  items: T[];
  /** What the caller may view, before query and filter. */
  total: number;
  /** The same after query and filter. */
  matching: number;
}

/** The envelope of every list (appgate.md §1.7). */
export interface ListAnswer<T> {
  data: T[];
  range: string;
  orderBy: string;
  descending: boolean;
  queries: string[];
  totalCount: number;
  filterBy: { name: string; value: string }[];
}

/** Writes one page of items already in wire form. */
export function listAnswer<T>(request: ListRequest, page: Page<T>): ListAnswer<T> {
  return {
    data: page.items,
    range: rangeEcho(request.range, page.matching),
    orderBy: request.orderBy,
    descending: request.descending,
    queries: request.queries,
    totalCount: page.total,
    filterBy: request.filters,
  };
}

/** `0-T/T` for the whole list, else `a-min(b,T)/T`: the vendor counts the end so (appgate.md §1.7). */
function rangeEcho(range: ListRequest['range'], matching: number): string {
  if (!range) return `0-${matching}/${matching}`;
  return `${range.from}-${Math.min(range.to, matching)}/${matching}`;
}

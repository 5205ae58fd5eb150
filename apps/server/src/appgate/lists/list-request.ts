import { DomainError, type Violation } from '@sallyport/platform';

/** What a list offers: the fields it can be ordered and filtered by, and its own order (appgate.md §1.7). */
export interface Listing {
  readonly orders: readonly string[];
  readonly filters: readonly string[];
  readonly orderBy: string;
  readonly descending?: boolean;
}

/** What a caller asks of a list. Names come from the allow list of its `Listing` (S86). */
export interface ListRequest {
  /** Substrings that must all match, whatever their case. */
  queries: string[];
  /** First and last item, zero-based, both included; null asks for everything. */
  range: { from: number; to: number } | null;
  orderBy: string;
  descending: boolean;
  filters: { name: string; value: string }[];
}

/** A query string as Fastify reads it: a repeated parameter is a list. */
export type QueryParameters = Record<string, string | string[] | undefined>;

const RANGE = /^(\d{1,15})-(\d{1,15})$/;
const FILTER_KEY = /^filterBy\[(.+)\]$/;
const GO_MAP = /^map\[(.*)\]$/s;
const UNSTORABLE = /\u0000/;

/**
 * Reads `query`, `range`, `orderBy`, `descending` and `filterBy` in its three spellings (appgate.md §1.7). Filters on
 * fields the list does not offer are ignored, like every other unknown parameter.
 * @throws DomainError `invalid`, one violation per parameter that is malformed or repeated (S81).
 */
export function readListRequest(parameters: QueryParameters, listing: Listing): ListRequest {
  const violations: Violation[] = [];
  const refuse = (field: string, message: string) => void violations.push({ field, message });
  const single = (name: string) => readSingle(parameters, name, refuse);

  const request: ListRequest = {
    queries: [parameters.query ?? []].flat().filter((query) => query !== ''),
    range: readRange(single('range'), refuse),
    orderBy: readOrder(single('orderBy'), listing, refuse),
    descending: readDescending(single('descending'), listing, refuse),
    filters: readFilters(parameters, listing, single, refuse),
  };
  if (request.queries.some((query) => UNSTORABLE.test(query))) refuse('query', 'contains invalid characters');
  for (const { name, value } of request.filters)
    if (UNSTORABLE.test(value)) refuse(name, 'contains invalid characters');
  mustBeEmpty(violations);
  return request;
}

/**
 * Parameters that are one text each, in the order of their names.
 * @throws DomainError `invalid`, one violation per parameter that is malformed or repeated (S81).
 */
export function readTexts(parameters: QueryParameters, ...names: string[]): (string | undefined)[] {
  const violations: Violation[] = [];
  const refuse = (field: string, message: string) => void violations.push({ field, message });
  const texts = names.map((name) => {
    const text = readSingle(parameters, name, refuse);
    if (text !== undefined && UNSTORABLE.test(text)) refuse(name, 'contains invalid characters');
    return text;
  });
  mustBeEmpty(violations);
  return texts;
}

function mustBeEmpty(violations: Violation[]): void {
  if (violations.length > 0)
    throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
}

type Refuse = (field: string, message: string) => void;

function readSingle(parameters: QueryParameters, name: string, refuse: Refuse): string | undefined {
  const value = parameters[name];
  if (!Array.isArray(value)) return value;
  refuse(name, 'must be a string');
  return undefined;
}

function readRange(text: string | undefined, refuse: Refuse): ListRequest['range'] {
  if (text === undefined) return null;
  const match = RANGE.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (match && from <= to) return { from, to };
  refuse('range', match ? 'is not applicable' : 'contains invalid characters');
  return null;
}

function readOrder(name: string | undefined, listing: Listing, refuse: Refuse): string {
  if (name === undefined) return listing.orderBy;
  if (!listing.orders.includes(name)) refuse('orderBy', `must be one of [${listing.orders.join(', ')}]`);
  return name;
}

function readDescending(text: string | undefined, listing: Listing, refuse: Refuse): boolean {
  if (text === undefined) return listing.descending ?? false;
  if (text !== 'true' && text !== 'false') refuse('descending', 'must be a boolean');
  return text === 'true';
}

function readFilters(
  parameters: QueryParameters,
  listing: Listing,
  single: (name: string) => string | undefined,
  refuse: Refuse,
): ListRequest['filters'] {
  const asked = Object.keys(parameters).flatMap((key) => {
    if (key === 'filterBy') return goMap(single(key), refuse);
    const name = FILTER_KEY.exec(key)?.[1] ?? key;
    if (!listing.filters.includes(name)) return [];
    const value = single(key);
    return value === undefined ? [] : [{ name, value }];
  });
  return asked.filter(({ name }) => listing.filters.includes(name));
}

/** `map[<f>:<v> <f>:<v>]`, a map as Go prints it: the spelling of generated clients of v22. */
function goMap(text: string | undefined, refuse: Refuse): ListRequest['filters'] {
  if (text === undefined) return [];
  const content = GO_MAP.exec(text)?.[1];
  if (content === undefined) {
    refuse('filterBy', 'must be an object');
    return [];
  }
  const parts = content.split(/(?:^| )([A-Za-z]\w*):/).slice(1);
  return parts.flatMap((part, index) =>
    index % 2 === 0 ? [{ name: part, value: parts[index + 1] ?? '' }] : [],
  );
}

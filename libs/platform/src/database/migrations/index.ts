import { Foundation1763700000000 } from './1763700000000-foundation.js';

/** All migrations in their order. A released one is never edited. */
export const migrations = [Foundation1763700000000];

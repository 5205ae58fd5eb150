export { startEmbeddedPostgres } from './embedded-postgres.js';
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.js';
export { joinEmbeddedPostgres } from './join-embedded-postgres.js';
export type { JoinedPostgres } from './join-embedded-postgres.js';

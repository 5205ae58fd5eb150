export * from './live-tokens.js';
export * from './assurance-level.js';
export * from './token.js';
export * from './token-secret.js';
export * from './tokens.module.js';
export * from './tokens.service.js';

export * from './token.js';
export * from './token-secret.js';
export * from './tokens.module.js';
export * from './tokens.service.js';

export * from './identity-facts.js';
export * from './identity-facts.service.js';
export * from './resolve-template.js';
export * from './selector.js';
export * from './template.js';

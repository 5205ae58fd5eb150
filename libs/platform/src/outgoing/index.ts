export { HostResolver } from './host-resolver.js';
export * from './outgoing.js';
export * from './outgoing-http.js';
export { type OutgoingRule, type OutgoingScheme, parseOutgoingRule } from './outgoing-rule.js';

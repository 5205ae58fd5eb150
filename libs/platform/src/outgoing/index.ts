export { HostResolver } from './host-resolver.js';
export * from './outgoing.js';
export { type OutgoingRule, type OutgoingScheme, parseOutgoingRule } from './outgoing-rule.js';

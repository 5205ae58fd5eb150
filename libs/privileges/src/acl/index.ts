export * from './acl.service.js';
export * from './acl-authority.service.js';
export * from './acl-grant.js';
export * from './acl-policies.service.js';
export * from './acl-subject.js';
export * from './capability.js';
export * from './resultant-acl.js';

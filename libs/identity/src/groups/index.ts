export * from './group-aliases.service.js';
export * from './group-closure.js';
export * from './group.js';
export type { GroupEffect, GroupFill, GroupLoss } from './group-rules.js';
export * from './groups.service.js';

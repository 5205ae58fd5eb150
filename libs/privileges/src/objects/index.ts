export type { AuditedNoun, Change, Collection, Store } from './collection.js';
export { changedFields, mustMayEdit, objectNotFound, outOfScope } from './edit-rights.js';
export type { NamedObject, ObjectValues } from './named-object.js';
export { ObjectsService, type Writer } from './objects.service.js';

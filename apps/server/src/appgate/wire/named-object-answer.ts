import type { NamedObject } from '@sallyport/privileges';
import { wireTime } from './wire-time.js';

/** What every named object answers (BaseEntity, appgate.md §1.5). */
export function namedObjectAnswer({ id, name, notes, tags, createdAt, updatedAt }: NamedObject) {
  return { id, name, notes, tags, created: wireTime(createdAt), updated: wireTime(updatedAt) };
}

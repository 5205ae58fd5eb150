import { colorName, type Tag } from '@sallyport/identity';
import { wireTime } from '../wire/wire-time.js';
import type { TagAnswer, TagDetailAnswer } from './tag.dto.js';

export function tagAnswer({
  id,
  name,
  notes,
  colorCode,
  createdAt,
  updatedAt,
  tagged,
  linked,
}: Tag): TagAnswer {
  return {
    id,
    name,
    notes,
    colorCode,
    colorName: colorName(colorCode),
    created: wireTime(createdAt),
    updated: wireTime(updatedAt),
    taggedOccurrences: sum(tagged),
    linkedOccurrences: sum(linked),
  };
}

export function tagDetailAnswer(tag: Tag): TagDetailAnswer {
  return {
    ...tagAnswer(tag),
    taggedOccurrencesByEntityType: tag.tagged,
    linkedOccurrencesByEntityType: tag.linked,
  };
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

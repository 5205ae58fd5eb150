import { Text, TextList, Uuid } from './field.js';

/** What every named object takes in requests (BaseEntity, appgate.md §1.5); `created` and `updated` are ignored. */
export class NamedObjectFields {
  @Uuid({ description: 'Chosen by the caller, or generated. May not change.' })
  id?: string;

  @Text({
    required: true,
    name: 'object',
    description: 'Unique in its collection, whatever its case.',
    example: 'example',
  })
  name!: string;

  @Text({ max: 10_000, emptyIsAbsent: true, default: '', description: 'Free text.', example: 'made by hand' })
  notes: string = '';

  @TextList({
    max: 64,
    distinct: true,
    default: [],
    description: 'Order kept, repetitions dropped.',
    example: ['aws'],
  })
  tags: string[] = [];
}

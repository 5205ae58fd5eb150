import { ApiProperty } from '@nestjs/swagger';
import { Text, Uuid, Whole } from '../validation/field.js';

/** A tag as POST and PUT take it (appgate.md §6.6). */
export class TagFields {
  @Uuid({ description: 'Chosen by the caller, or generated. May not change.' })
  id?: string;

  @Text({ required: true, max: 64, description: 'May not change.', example: 'aws' })
  name!: string;

  @Text({ max: 10_000, emptyIsAbsent: true, default: '', description: 'Free text.', example: 'made by hand' })
  notes: string = '';

  @Whole(1, 20, { description: 'See `/colors`; absent: random for a new tag, else as it was.', example: 3 })
  colorCode?: number;
}

export class TagAnswer {
  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  id!: string;

  @ApiProperty({ example: 'aws' })
  name!: string;

  @ApiProperty({ example: '' })
  notes!: string;

  @ApiProperty({ type: 'integer', example: 3 })
  colorCode!: number;

  @ApiProperty({ example: 'Indigo' })
  colorName!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  updated!: string;

  @ApiProperty({ type: 'integer', description: 'Objects that carry it.', example: 2 })
  taggedOccurrences!: number;

  @ApiProperty({ type: 'integer', description: 'Privileges that name it.', example: 1 })
  linkedOccurrences!: number;
}

/** One tag, with its uses by kind. */
export class TagDetailAnswer extends TagAnswer {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { administrativeRole: 2 },
  })
  taggedOccurrencesByEntityType!: Record<string, number>;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { administrativeRolePrivilegeLink: 1 },
  })
  linkedOccurrencesByEntityType!: Record<string, number>;
}

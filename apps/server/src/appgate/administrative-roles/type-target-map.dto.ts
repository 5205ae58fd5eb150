import { ApiProperty } from '@nestjs/swagger';
import { TYPE_TARGET_MAP, type TargetOfType } from '@sallyport/privileges';

/** `GET /administrative-roles/type-target-map` (appgate.md §3.3). */
export class TypeTargetMapAnswer {
  @ApiProperty({
    description: 'For each type of privilege the targets it goes with, and how it may be scoped there.',
    type: 'object',
    additionalProperties: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'scopable', 'scopableByIdp'],
        properties: {
          name: { type: 'string' },
          scopable: { type: 'boolean' },
          scopableByIdp: { type: 'boolean' },
        },
      },
    },
    example: TYPE_TARGET_MAP,
  })
  actionMatrixMap!: Record<string, TargetOfType[]>;
}

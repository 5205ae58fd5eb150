import { ApiProperty } from '@nestjs/swagger';

export class ScopeAnswer {
  @ApiProperty({ example: true })
  all!: boolean;

  @ApiProperty({ type: [String], format: 'uuid', example: [] })
  ids!: string[];

  @ApiProperty({ type: [String], example: [] })
  tags!: string[];
}

/** An AdministrativePrivilege as every answer carries it (appgate.md §3.2). */
export class PrivilegeSchema {
  @ApiProperty({ example: 'All' })
  type!: string;

  @ApiProperty({ example: 'All' })
  target!: string;

  @ApiProperty({
    type: ScopeAnswer,
    required: false,
    description: 'Always present, except with type AssignFunction.',
  })
  scope?: ScopeAnswer;

  @ApiProperty({
    type: [String],
    required: false,
    description: 'Only with type Create, and only when not empty.',
  })
  defaultTags?: string[];

  @ApiProperty({ type: [String], required: false, description: 'Only with type AssignFunction.' })
  functions?: string[];
}

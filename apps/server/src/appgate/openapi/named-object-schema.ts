import { ApiProperty } from '@nestjs/swagger';

/** What every named object answers (BaseEntity, appgate.md §1.5). */
export class NamedObjectSchema {
  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  id!: string;

  @ApiProperty({ example: 'jdoe' })
  name!: string;

  @ApiProperty({ example: '' })
  notes!: string;

  @ApiProperty({ type: [String], example: [] })
  tags!: string[];

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  updated!: string;
}

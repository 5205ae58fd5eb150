import { ApiProperty } from '@nestjs/swagger';

/** What every method shows (§5.3). */
export class CommonMethodView {
  @ApiProperty({ example: 'duo' })
  type!: string;

  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'work' })
  name!: string;

  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ example: '' })
  namespace_path!: string;
}

import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

export class RemountFields {
  @Field.string({ required: true, example: 'auth/staff' })
  from = '';

  @Field.string({ required: true, example: 'auth/people' })
  to = '';
}

export class MigrationFields {
  @Field.string()
  migration_id!: string;
}

export class RemountView {
  @ApiProperty({ format: 'uuid' })
  migration_id!: string;
}

export class MigrationInfoView {
  @ApiProperty({ example: 'auth/staff/' })
  source_mount!: string;

  @ApiProperty({ example: 'auth/people/' })
  target_mount!: string;

  @ApiProperty({ example: 'success' })
  status!: string;
}

export class MigrationView {
  @ApiProperty({ format: 'uuid' })
  migration_id!: string;

  @ApiProperty({ type: MigrationInfoView })
  migration_info!: MigrationInfoView;
}

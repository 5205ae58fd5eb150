import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

export class LockedUsersFields {
  @Field.string({ description: 'Only this mount; absent: all.' })
  mount_accessor?: string;
}

export class UnlockFields {
  @Field.string()
  mount_accessor!: string;

  @Field.string()
  alias!: string;
}

export class LockedOnMountView {
  @ApiProperty({ example: 'auth_userpass_1f2e3d4c' })
  mount_accessor!: string;

  @ApiProperty({ type: 'integer', example: 1 })
  counts!: number;

  @ApiProperty({ type: [String], example: ['jdoe'] })
  alias_identifiers!: string[];
}

export class LockedInNamespaceView {
  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ example: '' })
  namespace_path!: string;

  @ApiProperty({ type: 'integer', example: 1 })
  counts!: number;

  @ApiProperty({ type: [LockedOnMountView] })
  mount_accessors!: LockedOnMountView[];
}

export class LockedUsersView {
  @ApiProperty({ type: [LockedInNamespaceView] })
  by_namespace!: LockedInNamespaceView[];

  @ApiProperty({ type: 'integer', example: 1 })
  total!: number;
}

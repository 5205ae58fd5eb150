import { ApiProperty } from '@nestjs/swagger';
import { nameProblem } from '@sallyport/identity';
import { Field, Rule } from '../wire/field.js';

/** What an external group is called at a mount. */
export class GroupAliasFields {
  @Field.string({ description: 'Of an alias that exists.' })
  id?: string;

  @Field.string({ example: 'engineering', description: 'What the mount calls the group.' })
  @Rule(
    'name',
    (value) => !value || nameProblem(value as string, { kind: 'object' }) === null,
    'invalid alias name',
  )
  name?: string;

  @Field.string({ example: 'auth_userpass_1f2e3d4c' })
  mount_accessor?: string;

  @Field.string({ description: 'The group; without one a new alias gets a group of its own.' })
  canonical_id?: string;
}

export class NewGroupAliasView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'The group.' })
  canonical_id!: string;
}

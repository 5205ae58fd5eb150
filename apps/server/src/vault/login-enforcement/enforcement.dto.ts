import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

/** Which logins owe which methods. Fields that are sent replace, absent ones keep their value (§6). */
export class EnforcementFields {
  @Field.string({ description: 'Tolerated in the body; the path decides.' })
  name!: string;

  @Field.stringList({ required: true, description: 'Any one of these is enough, tried in this order.' })
  mfa_method_ids?: string[];

  @Field.stringList({ example: ['auth_userpass_1f2e3d4c'] })
  auth_method_accessors?: string[];

  @Field.stringList({ example: ['userpass'] })
  auth_method_types?: string[];

  @Field.stringList()
  identity_group_ids?: string[];

  @Field.stringList()
  identity_entity_ids?: string[];
}

export class EnforcementNameFields {
  @Field.string()
  name!: string;
}

export class EnforcementView {
  @ApiProperty({ example: 'everybody' })
  name!: string;

  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ example: '' })
  namespace_path!: string;

  @ApiProperty({ type: [String] })
  mfa_method_ids!: string[];

  @ApiProperty({ type: [String] })
  auth_method_accessors!: string[];

  @ApiProperty({ type: [String] })
  auth_method_types!: string[];

  @ApiProperty({ type: [String] })
  identity_group_ids!: string[];

  @ApiProperty({ type: [String] })
  identity_entity_ids!: string[];
}

import { ApiProperty } from '@nestjs/swagger';
import { Field, Rule } from '../wire/field.js';
import { MetadataField } from '../wire/metadata-field.js';
import { isName } from './entity.dto.js';

/** A login of an entity: (mount, name). */
export class AliasFields {
  @Field.string({ description: 'Of an alias that exists.' })
  id?: string;

  @Field.string({ example: 'alice', description: 'The user name at the mount.' })
  @Rule('name', isName('user'), 'invalid alias name')
  name?: string;

  @Field.string({ description: 'The entity; without one a new entity is made.' })
  canonical_id?: string;

  @Field.string({ description: 'The older name of `canonical_id`.' })
  entity_id?: string;

  @Field.string({ example: 'auth_userpass_1f2e3d4c' })
  mount_accessor?: string;

  @MetadataField()
  custom_metadata?: Record<string, string>;
}

export class NewAliasView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'The entity.' })
  canonical_id!: string;
}

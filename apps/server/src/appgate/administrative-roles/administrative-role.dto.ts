import { ApiProperty } from '@nestjs/swagger';
import { PRIVILEGE_TARGETS, PRIVILEGE_TYPES } from '@sallyport/privileges';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { PrivilegeSchema } from '../openapi/privilege-schema.js';
import { Flag, Nested, NestedList, Text, TextList, UuidList } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';

const MOST_PRIVILEGES = 500;

export class ScopeFields {
  @Flag({ default: false, example: true })
  all?: boolean;

  @UuidList({ default: [], description: 'Objects, or identity providers; they need not exist.', example: [] })
  ids?: string[];

  @TextList({ max: 64, default: [], example: [] })
  tags?: string[];
}

/** An AdministrativePrivilege as a request gives it (appgate.md §3.1). */
export class PrivilegeFields {
  @Text({ required: true, oneOf: PRIVILEGE_TYPES, example: 'View' })
  type!: string;

  @Text({
    required: true,
    oneOf: PRIVILEGE_TARGETS,
    description: 'Must go with the type: see type-target-map.',
    example: 'LocalUser',
  })
  target!: string;

  @Nested(() => ScopeFields, { description: 'Matches nothing when neutral, except with type Create.' })
  scope?: ScopeFields;

  @TextList({ max: 64, description: 'With type Create only: tags given to every new object.', example: [] })
  defaultTags?: string[];

  @TextList({ description: 'With type AssignFunction only, in any case.', example: [] })
  functions?: string[];
}

/** An administrative role as POST and PUT take it (appgate.md §3.7). */
export class AdministrativeRoleFields extends NamedObjectFields {
  @Text({
    required: true,
    name: 'object',
    description: 'Letters, digits, blank, `_` and `-`; unique, whatever its case.',
    example: 'Help Desk',
  })
  declare name: string;

  @NestedList(() => PrivilegeFields, MOST_PRIVILEGES, { required: true })
  privileges!: PrivilegeFields[];
}

export class AdministrativeRoleAnswer extends NamedObjectSchema {
  @ApiProperty({ type: [PrivilegeSchema] })
  privileges!: PrivilegeSchema[];
}

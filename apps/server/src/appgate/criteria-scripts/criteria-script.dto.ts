import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Text } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';

const LONGEST_EXPRESSION = 100_000;
const EXAMPLE = 'return claims.user.tags.indexOf("helpdesk") >= 0;';

/** A criteria script as POST and PUT take it (appgate.md §6.1). */
export class CriteriaScriptFields extends NamedObjectFields {
  @Text({
    required: true,
    max: LONGEST_EXPRESSION,
    description: 'Body of a JavaScript function that returns a boolean; policies call it by its name.',
    example: EXAMPLE,
  })
  expression!: string;
}

export class CriteriaScriptAnswer extends NamedObjectSchema {
  @ApiProperty({ example: EXAMPLE })
  expression!: string;
}

import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Text } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';

const LONGEST_EXPRESSION = 100_000;
const EXAMPLE = 'return { department: "support" };';

/** A user script as POST and PUT take it (appgate.md §6.1). */
export class UserScriptFields extends NamedObjectFields {
  @Text({
    required: true,
    max: LONGEST_EXPRESSION,
    description: 'Body of a JavaScript function that returns an object of claims.',
    example: EXAMPLE,
  })
  expression!: string;
}

export class UserScriptAnswer extends NamedObjectSchema {
  @ApiProperty({ example: EXAMPLE })
  expression!: string;
}

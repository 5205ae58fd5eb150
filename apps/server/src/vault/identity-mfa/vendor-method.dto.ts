import { Field, Rule } from '../wire/field.js';
import { MethodNameField } from './method-name.field.js';

const LONGEST = 255;

/** What a template says at most; then the rule reads no further. */
export const isShort = (value: unknown): boolean => typeof value === 'string' && value.length <= LONGEST;

/** Fields of every method that a push service judges (§5.3). */
export class VendorMethodFields {
  @Field.string()
  method_id?: string;

  @MethodNameField()
  method_name?: string;

  @Field.string({
    description:
      'Template of the name the service knows a person by; empty: the entity name. Kept where absent.',
    example: '{{identity.entity.name}}@example.com',
  })
  @Rule('format-length', isShort, 'username_format must be at most 255 characters')
  username_format?: string;

  @Field.string({ description: 'Ignored.' })
  mount_accessor?: string;
}

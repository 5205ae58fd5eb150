import { applyDecorators } from '@nestjs/common';
import { nameProblem } from '@sallyport/identity';
import { Field, Rule } from '../wire/field.js';

const LONGEST = 255;

/** The name of a method: any text an object may be called, `/` included, or none (§5.1). */
export function MethodNameField(): PropertyDecorator {
  return applyDecorators(
    Field.string({
      description: 'Optional; may stand for the id in payloads. A create under a known name updates it.',
    }),
    Rule(
      'name-length',
      (value) => typeof value === 'string' && value.length <= LONGEST,
      'method_name must be at most 255 characters',
    ),
    Rule('name', isMethodName, 'invalid method_name'),
  );
}

function isMethodName(value: unknown): boolean {
  return value === '' || nameProblem(value as string, { kind: 'object' }) === null;
}

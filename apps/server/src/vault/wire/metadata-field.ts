import { applyDecorators } from '@nestjs/common';
import { Field, type FieldOptions, Rule } from './field.js';

/** As upstream has them. */
const MOST_PAIRS = 64;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 512;

type Pairs = Record<string, string>;

const pairsOf = (value: unknown): [string, string][] => Object.entries(value as Pairs);
const fits = (text: string, bytes: number): boolean => Buffer.byteLength(text) <= bytes;

/** Pairs an administrator keeps with an object; few and short, for they are read with every sign-in and token. */
export function MetadataField(options: FieldOptions = {}): PropertyDecorator {
  return applyDecorators(
    Field.map(options),
    Rule(
      'metadata-pairs',
      (value) => pairsOf(value).length <= MOST_PAIRS,
      `metadata cannot contain more than ${MOST_PAIRS} key/value pairs`,
    ),
    Rule(
      'metadata-keys',
      (value) => pairsOf(value).every(([key]) => fits(key, LONGEST_KEY)),
      `metadata key is too long (limit: ${LONGEST_KEY} bytes)`,
    ),
    Rule(
      'metadata-values',
      (value) => pairsOf(value).every(([, text]) => fits(text, LONGEST_VALUE)),
      `metadata value is too long (limit: ${LONGEST_VALUE} bytes)`,
    ),
  );
}

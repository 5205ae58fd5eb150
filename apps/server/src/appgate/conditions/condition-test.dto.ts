import { ApiProperty } from '@nestjs/swagger';
import { AnyObject, Text, Time } from '../validation/field.js';

const LONGEST_EXPRESSION = 100_000;

/** Request of `POST /conditions/test` (appgate.md §6.2). */
export class ConditionTestFields {
  @Text({
    required: true,
    max: LONGEST_EXPRESSION,
    description: 'Body of a JavaScript function that returns a boolean.',
    example: 'return claims.user.username === "jdoe";',
  })
  expression!: string;

  @AnyObject({ example: { username: 'jdoe' } })
  userClaims: object = {};

  @AnyObject({ example: {} })
  deviceClaims: object = {};

  @AnyObject({ example: {} })
  systemClaims: object = {};

  @Time({ description: 'The instant the expression sees as now.' })
  time?: Date;
}

export class ConditionTestAnswer {
  @ApiProperty({ description: 'False too where the expression failed.', example: true })
  result!: boolean;

  @ApiProperty({ description: 'What `console.log` and `print` wrote.', example: '' })
  output!: string;

  @ApiProperty({ required: false, description: 'Omitted when there is none.' })
  error?: string;

  @ApiProperty({ type: 'integer', description: 'Milliseconds.', example: 12 })
  executionMs!: number;
}

import { ApiProperty } from '@nestjs/swagger';
import { CURRENT_VERSION, LOWEST_VERSION } from '../wire/accept-version.js';

/** The base shape of every error (appgate.md §1.4). */
export class ErrorAnswer {
  @ApiProperty({ example: 'not found' })
  id!: string;

  @ApiProperty({ example: 'The requested resource was not found.' })
  message!: string;
}

export class UnauthorizedAnswer extends ErrorAnswer {
  @ApiProperty({
    enum: ['Login', 'Mfa'],
    required: false,
    description: 'Which proof was refused; absent where a token was.',
  })
  failureType?: 'Login' | 'Mfa';

  @ApiProperty({ required: false, description: 'Same as message.' })
  reason?: string;
}

export class NotAcceptableAnswer extends ErrorAnswer {
  @ApiProperty({ type: 'integer', example: LOWEST_VERSION })
  minSupportedVersion!: number;

  @ApiProperty({ type: 'integer', example: CURRENT_VERSION })
  maxSupportedVersion!: number;
}

export class FactorOwedAnswer extends ErrorAnswer {
  @ApiProperty({ example: true })
  otpRequired!: boolean;

  @ApiProperty({ example: 'admin' })
  username!: string;
}

export class FieldProblem {
  @ApiProperty({
    description: 'Path in the body, or the name of the query parameter.',
    example: 'privileges[0].scope',
  })
  field!: string;

  @ApiProperty({ example: 'may not be null' })
  message!: string;
}

export class NotValidAnswer extends ErrorAnswer {
  @ApiProperty({ type: [FieldProblem], description: 'One entry per problem.' })
  errors!: FieldProblem[];
}

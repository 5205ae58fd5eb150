import { ApiProperty } from '@nestjs/swagger';

/** Answer of the calls that try a provider (appgate.md §4.1): `error` is a boolean, anything else breaks the Go client. */
export class TestAnswer {
  @ApiProperty({ example: false })
  success!: boolean;

  @ApiProperty({ required: false, example: true })
  error?: boolean;

  @ApiProperty({ required: false, example: 'Connection timed out.' })
  errorMessage?: string;
}

/** @param problem null: it worked. */
export function testAnswer(problem: string | null): TestAnswer {
  return problem === null ? { success: true } : { success: false, error: true, errorMessage: problem };
}

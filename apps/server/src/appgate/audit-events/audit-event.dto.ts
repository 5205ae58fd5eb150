import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_ACTIONS } from '@sallyport/audit';

const ID = '4c07bc67-57ea-42dd-b702-c2d6c45419fc';

/** One event of the audit. */
export class AuditEventAnswer {
  @ApiProperty({ format: 'uuid', example: ID })
  id!: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Place in the chain; null until it is sealed.',
    example: 4711,
  })
  number!: number | null;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  at!: string;

  @ApiProperty({ description: `One of ${AUDIT_ACTIONS.length} kinds.`, example: 'sign-in.finished' })
  action!: string;

  @ApiProperty({ enum: ['success', 'failure', 'denied'], example: 'success' })
  outcome!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: ID })
  actorPrincipalId!: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: ID })
  actorAccountId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'jdoe' })
  actorName!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'q0cVnJbPzT3mXr8sLkWd' })
  tokenAccessor!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '192.0.2.17' })
  clientAddress!: string | null;

  @ApiProperty({ type: String, nullable: true, description: "As in the answer's X-Request-Id.", example: ID })
  requestId!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'account' })
  objectType!: string | null;

  @ApiProperty({ type: String, nullable: true, example: ID })
  objectId!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'Facts of the act; never a secret. `reason`: why it came to nothing. `factors`: what was proven. `before` and `after`: the object as it was and as it is, null where it was not or is no more, of a changed one the fields that differ; a secret stands as `set` or `changed`.',
    example: { name: 'jdoe', before: { disabled: false }, after: { disabled: true } },
  })
  detail!: Record<string, unknown>;
}

import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class MfaAlternativeView {
  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiPropertyOptional({ example: true })
  uses_passcode?: boolean;

  @ApiPropertyOptional({ example: 'default' })
  name?: string;

  @ApiPropertyOptional({ example: true })
  self_enrollment_enabled?: boolean;
}

export class MfaConstraintView {
  @ApiProperty({ type: [MfaAlternativeView] })
  any!: MfaAlternativeView[];
}

@ApiExtraModels(MfaConstraintView)
export class MfaRequirementView {
  @ApiProperty({ format: 'uuid' })
  mfa_request_id!: string;

  @ApiProperty({
    type: 'object',
    description: 'By enforcement: one of `any` is owed for each.',
    additionalProperties: { $ref: '#/components/schemas/MfaConstraintView' },
  })
  mfa_constraints!: Record<string, MfaConstraintView>;
}

/** The `auth` block of a login, a validation or a renewal (§3.2, §3.5). */
export class AuthView {
  @ApiProperty({ description: 'Empty while a factor is owed.', example: 'hvs.…' })
  client_token!: string;

  @ApiProperty()
  accessor!: string;

  @ApiProperty({ type: [String], nullable: true })
  policies!: string[] | null;

  @ApiPropertyOptional({ type: [String] })
  token_policies?: string[];

  @ApiPropertyOptional({ type: [String] })
  identity_policies?: string[];

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' } })
  metadata!: Record<string, string> | null;

  @ApiProperty({ type: 'integer', example: 2_764_800 })
  lease_duration!: number;

  @ApiProperty({ example: true })
  renewable!: boolean;

  @ApiProperty()
  entity_id!: string;

  @ApiProperty({ example: 'service' })
  token_type!: string;

  @ApiProperty({ example: true })
  orphan!: boolean;

  @ApiProperty({ type: MfaRequirementView, nullable: true })
  mfa_requirement!: MfaRequirementView | null;

  @ApiProperty({ type: 'integer', example: 0 })
  num_uses!: number;
}

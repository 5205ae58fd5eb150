import { ApiProperty } from '@nestjs/swagger';
import { SIGN_IN_TYPES, type SignInType } from './sign-in-type.js';

export class ProviderName {
  @ApiProperty({ example: 'local' })
  name!: string;

  @ApiProperty({ description: 'Same as name.', example: 'local' })
  displayName!: string;

  @ApiProperty({ enum: SIGN_IN_TYPES, example: 'Credentials' })
  type!: SignInType;

  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  certificatePriorities!: object[];

  @ApiProperty({ required: false, description: 'Of Saml.' })
  redirectUrl?: string;

  @ApiProperty({ required: false, description: 'Of Oidc.' })
  clientId?: string;

  @ApiProperty({ required: false, description: 'Of Oidc.' })
  scope?: string;
}

export class ProviderNamesAnswer {
  @ApiProperty({ type: [ProviderName] })
  data!: ProviderName[];

  @ApiProperty({ required: false, description: 'Text to show before the sign-in.' })
  bannerMessage?: string;
}

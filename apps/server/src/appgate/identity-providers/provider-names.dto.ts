import { ApiProperty } from '@nestjs/swagger';

export class ProviderName {
  @ApiProperty({ example: 'local' })
  name!: string;

  @ApiProperty({ description: 'Same as name.', example: 'local' })
  displayName!: string;

  @ApiProperty({ enum: ['Credentials', 'Saml', 'Oidc', 'Certificate'], example: 'Credentials' })
  type!: 'Credentials' | 'Saml' | 'Oidc' | 'Certificate';

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

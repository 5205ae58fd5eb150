import { Text, Uuid } from '../validation/field.js';

/** `LoginRequest` (appgate.md §2.3). */
export class LoginRequest {
  @Text({ required: true, max: 1024, description: 'Exact name of the identity provider.', example: 'local' })
  providerName!: string;

  @Uuid({ required: true, description: 'Any UUID.', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  deviceId!: string;

  @Text({ required: true, max: 1024, example: 'admin' })
  username!: string;

  @Text({ required: true, max: 1024, secret: true, example: 'correct horse battery staple' })
  password!: string;

  @Text({ emptyIsAbsent: true, secret: true, description: 'For Saml providers.' })
  samlResponse?: string;

  @Text({ emptyIsAbsent: true, secret: true, description: 'For Oidc providers.' })
  idToken?: string;

  @Text({ emptyIsAbsent: true, secret: true, description: 'For Oidc providers.' })
  accessToken?: string;
}

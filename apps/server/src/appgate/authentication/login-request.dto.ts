import { Text, Uuid } from '../validation/field.js';

/** @param passwordAsked whether the provider takes a password. */
function loginFields(passwordAsked: boolean) {
  const ofPassword = {
    required: passwordAsked,
    max: 1024,
    description: 'Required where the provider takes a password.',
  };
  class LoginFields {
    @Text({
      required: true,
      max: 1024,
      description: 'Exact name of the identity provider.',
      example: 'local',
    })
    providerName!: string;

    @Uuid({ required: true, description: 'Any UUID.', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
    deviceId!: string;

    @Text({ ...ofPassword, example: 'admin' })
    username?: string;

    @Text({ ...ofPassword, secret: true, example: 'correct horse battery staple' })
    password?: string;

    @Text({ emptyIsAbsent: true, secret: true, description: 'For Saml providers.' })
    samlResponse?: string;

    @Text({ emptyIsAbsent: true, secret: true, description: 'For Oidc providers.' })
    idToken?: string;

    @Text({ emptyIsAbsent: true, secret: true, description: 'For Oidc providers.' })
    accessToken?: string;
  }
  return LoginFields;
}

/** `LoginRequest` (appgate.md §2.3). */
export class LoginRequest extends loginFields(false) {}

/** The same for a provider that takes a password. */
export class PasswordLoginRequest extends loginFields(true) {}

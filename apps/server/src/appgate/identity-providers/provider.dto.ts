import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Flag, Nested, NestedList, Text, TextList, Uuid, UuidList, Whole } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';
import {
  CertificatePriorityFields,
  ClaimMappingFields,
  GoogleFields,
  KEPT,
  OnBoardingFactorFields,
  OnDemandClaimMappingFields,
  PasswordWarningFields,
} from './provider-parts.dto.js';

export const PROVIDER_TYPES = [
  'LocalDatabase',
  'ServiceDatabase',
  'Ldap',
  'LdapCertificate',
  'Radius',
  'Saml',
  'Connector',
  'Oidc',
];
const NEW_TYPES = ['Ldap', 'LdapCertificate', 'Radius', 'Saml', 'Oidc'];

const MOST = 2_147_483_647;
const KEPT_LIST = { mayBeEmpty: true, max: 10_000, default: [] };
const SECRET = { secret: true, emptyIsAbsent: true, max: 10_000, description: 'Never answered.' };
const NEW_SECRET = { secret: true, required: true, max: 10_000, description: 'Never answered.' };
const HOSTS = { required: true, filled: true, max: 255, example: ['idp.example.com'] };

/** What every identity provider takes in requests (appgate.md §5.3), and all there is of a Connector. */
export class ProviderFields extends NamedObjectFields {
  @Text({ required: true, name: 'user', description: 'May not change.', example: 'ldap' })
  declare name: string;

  @Text({ required: true, oneOf: PROVIDER_TYPES, description: 'May not change.', example: 'Ldap' })
  type!: string;

  @Uuid(KEPT)
  ipPoolV4?: string;

  @Uuid(KEPT)
  ipPoolV6?: string;

  @NestedList(() => ClaimMappingFields, 1000, { description: 'Absent: those of the type.' })
  claimMappings?: ClaimMappingFields[];

  @UuidList({ default: [], description: 'User scripts that add claims.' })
  userScripts: string[] = [];
}

/** What users sign in at: all types but Connector and ServiceDatabase. */
export class SignInProviderFields extends ProviderFields {
  @Flag({ default: false, description: 'Whether administrators may sign in with it.' })
  adminProvider: boolean = false;

  @Whole(0, MOST, { default: 100, description: 'Not enforced.' })
  deviceLimitPerUser: number = 100;

  @Nested(() => OnBoardingFactorFields, {})
  onBoarding2FA?: OnBoardingFactorFields;

  @Whole(0, MOST, { default: 0 })
  inactivityTimeoutMinutes: number = 0;

  @Flag({ default: false })
  networkInactivityTimeoutEnabled: boolean = false;

  @Flag({ default: false })
  enforceWindowsNetworkProfileAsDomain: boolean = false;

  @Flag({ default: false })
  blockLocalDnsRequests: boolean = false;

  @TextList(KEPT_LIST)
  dnsServers: string[] = [];

  @TextList(KEPT_LIST)
  dnsSearchDomains: string[] = [];

  @NestedList(() => OnDemandClaimMappingFields, 1000, { default: [] })
  onDemandClaimMappings: OnDemandClaimMappingFields[] = [];
}

/** The built-in provider `local`, which stays one for administrators. */
export class LocalDatabaseFields extends SignInProviderFields {
  @Flag({ default: true, description: 'Stays true.' })
  override adminProvider: boolean = true;

  @Whole(1, 1000, {
    default: 5,
    description: 'Tries without a wait; outside 3-10 the nearest of these counts.',
  })
  userLockoutThreshold: number = 5;

  @Whole(1, 1440, {
    default: 1,
    description: 'The longest wait for a known network, where it is longer than 15.',
  })
  userLockoutDurationMinutes: number = 1;

  @Whole(0, 128, { default: 0 })
  minPasswordLength: number = 0;
}

/** The built-in provider of service users. */
export class ServiceDatabaseFields extends ProviderFields {
  @Whole(0, MOST, { default: 100, description: 'Not enforced.' })
  deviceLimitPerUser: number = 100;

  @TextList(KEPT_LIST)
  dnsServers: string[] = [];

  @TextList(KEPT_LIST)
  dnsSearchDomains: string[] = [];

  @Whole(1, 1000, { default: 5 })
  userLockoutThreshold: number = 5;

  @Whole(1, 1440, { default: 1 })
  userLockoutDurationMinutes: number = 1;

  @Whole(0, 128, { default: 0 })
  minPasswordLength: number = 0;
}

export class RadiusFields extends SignInProviderFields {
  @TextList(HOSTS)
  hostnames!: string[];

  @Text(SECRET)
  sharedSecret?: string;

  @Whole(1, 65_535, { default: 1812 })
  port: number = 1812;

  @Text({ oneOf: ['PAP', 'CHAP'], default: 'CHAP' })
  authenticationProtocol: string = 'CHAP';
}

export class NewRadiusFields extends RadiusFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'Radius' })
  declare type: string;

  @Text(NEW_SECRET)
  declare sharedSecret: string;
}

export class LdapFields extends SignInProviderFields {
  @TextList(HOSTS)
  hostnames!: string[];

  @Whole(1, 65_535, { required: true, example: 636 })
  port!: number;

  @Text({ required: true, max: 10_000, example: 'cn=admin,dc=example,dc=com' })
  adminDistinguishedName!: string;

  @Text({ ...SECRET, emptyIsAbsent: false })
  adminPassword?: string;

  @Flag({ default: false })
  sslEnabled: boolean = false;

  @Text(KEPT)
  baseDn?: string;

  @Text(KEPT)
  objectClass?: string;

  @Text(KEPT)
  userFilter?: string;

  @Text({ ...KEPT, default: 'sAMAccountName' })
  usernameAttribute?: string;

  @Text({ ...KEPT, default: '(objectCategory=group)' })
  membershipFilter?: string;

  @Text(KEPT)
  membershipBaseDn?: string;

  @Nested(() => PasswordWarningFields, {})
  passwordWarning: PasswordWarningFields = new PasswordWarningFields();
}

export class NewLdapFields extends LdapFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'Ldap' })
  declare type: string;

  @Text(NEW_SECRET)
  declare adminPassword: string;
}

export class LdapCertificateFields extends LdapFields {
  @TextList({ required: true, filled: true, max: 100_000, description: 'PEM.' })
  caCertificates!: string[];

  @Text({ ...KEPT, default: 'userPrincipalName' })
  certificateUserAttribute?: string;

  @Text(KEPT)
  certificateAttribute?: string;

  @Flag({ default: false })
  skipX509ExternalChecks: boolean = false;

  @NestedList(() => CertificatePriorityFields, 1000, { default: [] })
  certificatePriorities: CertificatePriorityFields[] = [];
}

export class NewLdapCertificateFields extends LdapCertificateFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'LdapCertificate' })
  declare type: string;

  @Text(NEW_SECRET)
  declare adminPassword: string;
}

export class SamlFields extends SignInProviderFields {
  @Text({ required: true, max: 10_000, example: 'https://idp.example.com/saml' })
  redirectUrl!: string;

  @Text({ required: true, max: 10_000, example: 'https://idp.example.com' })
  issuer!: string;

  @Text({ required: true, max: 10_000, example: 'sallyport' })
  audience!: string;

  @Text({ required: true, max: 100_000, description: 'PEM.' })
  providerCertificate!: string;

  @Text({ ...SECRET, max: 100_000 })
  decryptionKey?: string;

  @Flag({ default: false })
  forceAuthn: boolean = false;
}

export class NewSamlFields extends SamlFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'Saml' })
  declare type: string;
}

export class OidcFields extends SignInProviderFields {
  @Text({ required: true, max: 10_000, example: 'https://idp.example.com' })
  issuer!: string;

  @Text({ required: true, max: 10_000, example: 'sallyport' })
  audience!: string;

  @Text({ ...KEPT, default: 'openid profile email offline_access' })
  scope?: string;

  @Nested(() => GoogleFields, {})
  google: GoogleFields = new GoogleFields();
}

export class NewOidcFields extends OidcFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'Oidc' })
  declare type: string;
}

/** A new provider whose type says nothing yet about the rest. */
export class NewProviderFields extends ProviderFields {
  @Text({ required: true, oneOf: NEW_TYPES, example: 'Ldap' })
  declare type: string;
}

/** Request of `POST /identity-providers/test`; the fields of the type may come along. */
export class ProviderTestFields {
  @Text({ required: true, oneOf: PROVIDER_TYPES, example: 'LocalDatabase' })
  type!: string;
}

/** Request of `POST /identity-providers/{id}/attributes`. */
export class AttributesFields {
  @Text({ max: 1024, example: 'jdoe' })
  username?: string;

  @Text({ secret: true, max: 1024, description: 'For Radius.' })
  password?: string;

  @Text({ emptyIsAbsent: true, secret: true, description: 'For Saml.' })
  samlResponse?: string;
}

export class AttributesAnswer {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
    example: { email: ['a@b.c'] },
  })
  rawAttributes!: Record<string, string[]>;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { emails: 'a@b.c' } })
  mappedAttributes!: Record<string, string>;
}

/** An identity provider as it is answered: these, and what its type takes in requests, defaults filled in, never a secret. */
export class ProviderAnswer extends NamedObjectSchema {
  @ApiProperty({ enum: PROVIDER_TYPES, example: 'LocalDatabase' })
  type!: string;

  @ApiProperty({ type: [ClaimMappingFields] })
  claimMappings!: ClaimMappingFields[];

  @ApiProperty({ type: [String], format: 'uuid', example: [] })
  userScripts!: string[];

  [setting: string]: unknown;
}

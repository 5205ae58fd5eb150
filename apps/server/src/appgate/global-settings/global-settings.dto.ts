import { ApiProperty } from '@nestjs/swagger';
import { GLOBAL_DEFAULTS } from '@sallyport/identity';
import { Flag, Nested, Text, Whole } from '../validation/field.js';

const MOST = 2_147_483_647;
const PERSISTENCE = ['Default', 'Guaranteed', 'Performance'];
const SPA = ['TCP', 'UDP-TCP'];

export class GeoIpSettings {
  @Text({
    max: 255,
    mayBeEmpty: true,
    description: '`Default` means that updates are on.',
    example: 'Disabled',
  })
  updates?: string;
}

/** Request of `PUT /global-settings` (appgate.md §5.5): what is absent goes back to its default. */
export class GlobalSettingsFields {
  @Whole(1, 43_200, { required: true, description: 'Minutes. No effect here.', example: 1440 })
  claimsTokenExpiration!: number;

  @Whole(1, 1440, { required: true, description: 'Minutes of a session, from its first call.', example: 720 })
  administrationTokenExpiration!: number;

  @Whole(1, MOST, { required: true, description: 'Minutes. No effect here.', example: 180 })
  entitlementTokenExpiration!: number;

  @Whole(1, MOST, { required: true, description: 'Minutes. No effect here.', example: 525_600 })
  vpnCertificateExpiration!: number;

  @Text({ required: true, oneOf: PERSISTENCE, description: 'No effect here.', example: 'Default' })
  auditLogPersistenceMode!: string;

  @Whole(1, 3650, { default: 90, description: 'Days after which a device not seen is removed.' })
  registeredDeviceExpirationDays: number = GLOBAL_DEFAULTS.registeredDeviceExpirationDays;

  @Text({ oneOf: SPA, default: 'TCP', description: 'No effect here.' })
  spaMode: string = GLOBAL_DEFAULTS.spaMode;

  @Whole(1, MOST, { default: 600, description: 'Seconds. No effect here.' })
  spaTimeWindowSeconds: number = GLOBAL_DEFAULTS.spaTimeWindowSeconds;

  @Text({ max: 4096, emptyIsAbsent: true, description: 'Shown before signing in.' })
  loginBannerMessage?: string;

  @Text({ max: 4096, emptyIsAbsent: true, description: 'Shown with a final token.' })
  messageOfTheDay?: string;

  @Flag({ default: false, description: 'No effect here.' })
  backupApiEnabled: boolean = false;

  @Text({ secret: true, max: 1024, description: 'Never answered. No effect here.' })
  backupPassphrase?: string;

  @Flag({ default: false, description: 'Whether `geoIpSettings.updates` is `Default`.' })
  geoIpUpdates: boolean = false;

  @Nested(() => GeoIpSettings, { description: 'Counts before `geoIpUpdates`. No effect here.' })
  geoIpSettings?: GeoIpSettings;

  @Text({ max: 255, emptyIsAbsent: true, description: 'No effect here.' })
  profileHostname?: string;

  @Text({ max: 255, emptyIsAbsent: true, default: 'Sallyport', description: 'Shown in user interfaces.' })
  collectiveName?: string;
}

export class GlobalSettingsAnswer {
  @ApiProperty({ type: 'integer', example: 1440 })
  claimsTokenExpiration!: number;

  @ApiProperty({ type: 'integer', example: 720 })
  administrationTokenExpiration!: number;

  @ApiProperty({ type: 'integer', example: 180 })
  entitlementTokenExpiration!: number;

  @ApiProperty({ type: 'integer', example: 525_600 })
  vpnCertificateExpiration!: number;

  @ApiProperty({ enum: PERSISTENCE, example: 'Default' })
  auditLogPersistenceMode!: string;

  @ApiProperty({ type: 'integer', example: 90 })
  registeredDeviceExpirationDays!: number;

  @ApiProperty({ enum: SPA, example: 'TCP' })
  spaMode!: string;

  @ApiProperty({ type: 'integer', example: 600 })
  spaTimeWindowSeconds!: number;

  @ApiProperty({ required: false, example: 'Authorized use only' })
  loginBannerMessage?: string;

  @ApiProperty({ required: false, example: 'Welcome' })
  messageOfTheDay?: string;

  @ApiProperty({ example: false })
  backupApiEnabled!: boolean;

  @ApiProperty({ example: false })
  geoIpUpdates!: boolean;

  @ApiProperty({ type: GeoIpSettings })
  geoIpSettings!: { updates: string };

  @ApiProperty({ required: false, example: 'profiles.example.com' })
  profileHostname?: string;

  @ApiProperty({ example: 'Sallyport' })
  collectiveName!: string;

  @ApiProperty({ format: 'uuid', description: 'Made with the installation; never changes.' })
  collectiveId!: string;
}

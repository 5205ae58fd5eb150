import { Flag, Nested, Text, Uuid, Whole } from '../validation/field.js';

const COMMANDS = [
  'fileSize',
  'fileExists',
  'fileCreated',
  'fileUpdated',
  'fileVersion',
  'fileSha512',
  'processRunning',
  'processList',
  'serviceRunning',
  'serviceList',
  'regExists',
  'regQuery',
  'runScript',
];
const PLATFORMS = [
  'desktop.windows.all',
  'desktop.macos.all',
  'desktop.linux.all',
  'desktop.all',
  'mobile.android.all',
  'mobile.ios.all',
  'mobile.all',
  'all',
];
/** Kept for clients, whatever it says. */
export const KEPT = { emptyIsAbsent: true, max: 10_000 };

/** Which attribute of a user becomes which claim (appgate.md §5.3). */
export class ClaimMappingFields {
  @Text({ required: true, max: 255, example: 'email' })
  attributeName!: string;

  @Text({ required: true, max: 255, example: 'emails' })
  claimName!: string;

  @Flag({ default: false, description: 'All values, or the first.' })
  list: boolean = false;

  @Flag({ default: false, description: 'No effect here.' })
  encrypt: boolean = false;
}

export class OnDemandParameters {
  @Text(KEPT)
  name?: string;

  @Text(KEPT)
  path?: string;

  @Text(KEPT)
  args?: string;
}

export class OnDemandClaimMappingFields {
  @Text({ required: true, oneOf: COMMANDS, example: 'fileExists' })
  command!: string;

  @Text({ required: true, max: 255, example: 'hasAntivirus' })
  claimName!: string;

  @Text({ required: true, oneOf: PLATFORMS, example: 'desktop.all' })
  platform!: string;

  @Nested(() => OnDemandParameters, {})
  parameters?: OnDemandParameters;
}

/** Concerns network clients, not administrators (appgate.md §2.10). */
export class OnBoardingFactorFields {
  @Uuid({ required: true, description: 'Empty: the block counts as absent.' })
  mfaProviderId!: string;

  @Text(KEPT)
  message?: string;

  @Text({ ...KEPT, default: 'onBoarding' })
  claimSuffix: string = 'onBoarding';

  @Flag({ default: false })
  alwaysRequired: boolean = false;
}

export class PasswordWarningFields {
  @Flag({ default: false })
  enabled: boolean = false;

  @Whole(0, 2_147_483_647, { default: 5 })
  thresholdDays: number = 5;

  @Text(KEPT)
  message?: string;
}

export class CertificatePriorityFields {
  @Text({ oneOf: ['Template', 'Issuer'], default: 'Template' })
  type: string = 'Template';

  @Text({ required: true, max: 10_000 })
  value!: string;
}

export class GoogleFields {
  @Flag({ default: false })
  enabled: boolean = false;

  @Text({ secret: true, mayBeEmpty: true, max: 10_000, description: 'Never answered.' })
  clientSecret?: string;

  @Flag({ default: false })
  refreshToken: boolean = false;
}

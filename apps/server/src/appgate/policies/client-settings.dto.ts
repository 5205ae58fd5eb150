import { Flag, Text } from '../validation/field.js';

const SHOWN = ['Show', 'Hide'] as const;
const LEVELS = ['Show', 'Low', 'Medium', 'High'] as const;
const SWITCHES = ['Show', 'Enabled', 'Disabled'] as const;

/** Stored and echoed, always answered filled (appgate.md §5.4); any text is kept, the enums are what clients know. */
const setting = (known: readonly string[]) =>
  Text({ emptyIsAbsent: true, default: 'Show', description: `One of ${known.join(', ')}.`, example: 'Show' });

export class ClientSettingsFields {
  @Flag({ emptyIsAbsent: true, default: false })
  enabled?: boolean;

  @setting(SHOWN)
  entitlementsList?: string;

  @setting(LEVELS)
  attentionLevel?: string;

  @setting(SWITCHES)
  autoStart?: string;

  @setting(SHOWN)
  addRemoveProfiles?: string;

  @setting(SWITCHES)
  keepMeSignedIn?: string;

  @setting(SWITCHES)
  samlAutoSignIn?: string;

  @setting(SHOWN)
  quit?: string;

  @setting(SHOWN)
  signOut?: string;

  @setting(SHOWN)
  suspend?: string;

  @setting(SHOWN)
  newUserOnboarding?: string;
}

export const CLIENT_SETTINGS_DEFAULTS = {
  enabled: false,
  entitlementsList: 'Show',
  attentionLevel: 'Show',
  autoStart: 'Show',
  addRemoveProfiles: 'Show',
  keepMeSignedIn: 'Show',
  samlAutoSignIn: 'Show',
  quit: 'Show',
  signOut: 'Show',
  suspend: 'Show',
  newUserOnboarding: 'Show',
};

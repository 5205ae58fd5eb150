import type { GlobalSettings } from '@sallyport/identity';
import type { GlobalSettingsAnswer, GlobalSettingsFields } from './global-settings.dto.js';

/** A request's fields as the core keeps them; the passphrase goes apart. */
export function settingsOf(fields: GlobalSettingsFields): Partial<GlobalSettings> {
  const { backupPassphrase: _, geoIpUpdates, geoIpSettings, ...kept } = fields;
  const geoIpUpdateMode = geoIpSettings?.updates ?? (geoIpUpdates ? 'Default' : 'Disabled');
  return { ...kept, geoIpUpdateMode };
}

/** Both spellings of the GeoIP setting are in every answer: each is read unchecked by one client generation (appgate.md §5.5). */
export function settingsAnswer(
  { geoIpUpdateMode, ...settings }: GlobalSettings,
  collectiveId: string,
): GlobalSettingsAnswer {
  return {
    ...settings,
    geoIpUpdates: geoIpUpdateMode === 'Default',
    geoIpSettings: { updates: geoIpUpdateMode },
    collectiveId,
  };
}

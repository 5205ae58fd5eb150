/** Settings of the whole installation (contract appgate.md §5.5). Most are kept for clients; the others say what they do here. */
export interface GlobalSettings {
  claimsTokenExpiration: number;
  /** Minutes of a session at `/admin`, from its first call. */
  administrationTokenExpiration: number;
  entitlementTokenExpiration: number;
  vpnCertificateExpiration: number;
  auditLogPersistenceMode: string;
  /** Devices not seen for so many days are removed. */
  registeredDeviceExpirationDays: number;
  spaMode: string;
  spaTimeWindowSeconds: number;
  /** Shown before signing in. */
  loginBannerMessage?: string;
  /** Shown with a final token. */
  messageOfTheDay?: string;
  backupApiEnabled: boolean;
  /** `Default` means that updates are on. */
  geoIpUpdateMode: string;
  profileHostname?: string;
  collectiveName: string;
}

export const GLOBAL_DEFAULTS: GlobalSettings = {
  claimsTokenExpiration: 1440,
  administrationTokenExpiration: 720,
  entitlementTokenExpiration: 180,
  vpnCertificateExpiration: 525_600,
  auditLogPersistenceMode: 'Default',
  registeredDeviceExpirationDays: 90,
  spaMode: 'TCP',
  spaTimeWindowSeconds: 600,
  backupApiEnabled: false,
  geoIpUpdateMode: 'Disabled',
  collectiveName: 'Sallyport',
};

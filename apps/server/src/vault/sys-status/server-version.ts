/**
 * The upstream version whose API this dialect speaks (§11). Terraform reads it with a strict parser and unlocks features by
 * it: never add a suffix, never raise it without reading what that unlocks.
 */
export const VAULT_VERSION = '1.19.0';

/** Our own version, which clients ignore. */
export { SALLYPORT_VERSION } from '@sallyport/platform';

/** When this dialect's upstream version was made. */
export const BUILD_DATE = '2025-03-04T12:36:40Z';

export const CLUSTER_NAME = 'sallyport';

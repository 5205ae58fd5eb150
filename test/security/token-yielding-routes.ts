/** Routes whose answer can hold a new token; each asks `RequirementService` what is owed (S44, S53). */
export const TOKEN_YIELDING_ROUTES = [
  'GET /admin/authorization',
  'POST /admin/authentication',
  'POST /admin/authentication/otp',
  'POST /admin/login',
  'POST /v1/auth/:mount/login/:username',
  'POST /v1/sys/mfa/validate',
];

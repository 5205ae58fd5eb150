/**
 * Routes whose answer can hold a new token (S44, S53). Each asks `RequirementService` what is owed; the routes that create one from
 * another hand its completed factors on, or none, and ask only where it is for another person.
 */
export const TOKEN_YIELDING_ROUTES = [
  'GET /admin/authorization',
  'POST /admin/authentication',
  'POST /admin/authentication/otp',
  'POST /admin/login',
  'POST /admin/sallyport/activations',
  'POST /admin/sallyport/me/step-up',
  'POST /v1/auth/:mount/login/:username',
  'POST /v1/auth/token/create',
  'POST /v1/auth/token/create-orphan',
  'POST /v1/auth/token/create/:role_name',
  'POST /v1/sys/mfa/validate',
];

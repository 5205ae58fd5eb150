/** Routes that ask for no token (S44). Whoever adds one says here why the world may call it. */
export const OPEN_ROUTES = [
  // Health and documentation.
  'GET /docs',
  'GET /docs/:asset',
  'GET /docs/openapi.json',
  'GET /healthz',
  'GET /readyz',
  // What a client of `/admin` asks before it can have a token (appgate.md §1.2, §2.2, §2.3, §2.7).
  'GET /admin/identity-providers/names',
  'GET /admin/version',
  'POST /admin/authentication',
  'POST /admin/login',
  // A password of one's own, for a code an administrator made (S57).
  'POST /admin/sallyport/activations',
  // The same at `/v1` (vault.md §3, §8, §11).
  'GET /v1/sys/health',
  'GET /v1/sys/init',
  // A caller without a token sees the mounts an administrator lists for all; who sends one is told more, or refused (§11).
  'GET /v1/sys/internal/ui/mounts',
  'GET /v1/sys/leader',
  'GET /v1/sys/seal-status',
  'HEAD /v1/sys/health',
  'POST /v1/auth/:mount/login/:username',
  'POST /v1/identity/mfa/method/totp/self-enroll',
  'POST /v1/sys/init',
  'POST /v1/sys/mfa/validate',
];

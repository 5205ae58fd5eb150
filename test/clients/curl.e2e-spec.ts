import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authenticator } from '../vault/authenticator.js';
import { DEFAULT_METHOD, PASSWORD, startWorld, type World } from '../vault/world.js';

const HAS_CURL = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** What a person types after reading a manual: `-d` says it sends a form and sends JSON, `-X LIST` names the verb. */
describe.skipIf(!HAS_CURL)(`curl${HAS_CURL ? '' : ' (skipped: curl is not installed)'}`, () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  /** The answer's status and its body. */
  async function curl(path: string, ...options: string[]): Promise<{ status: number; body: any }> {
    const all = ['--silent', '--noproxy', '*', '--write-out', '\n%{http_code}', ...options];
    const { stdout } = await promisify(execFile)('curl', [...all, `${world.server.url}/v1/${path}`]);
    const end = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, end);
    return { status: Number(stdout.slice(end + 1)), body: text === '' ? null : JSON.parse(text) };
  }

  it('sets up MFA, signs in with a code, and lists by -X LIST', async () => {
    const root = ['-H', `X-Vault-Token: ${world.server.rootToken}`];
    const user = JSON.stringify({ password: PASSWORD });
    expect((await curl('auth/userpass/users/carla', ...root, '-d', user)).status).toBe(204);
    expect((await curl('auth/userpass/users', ...root, '-X', 'LIST')).body.data.keys).toContain('carla');

    const first = await curl('auth/userpass/login/carla', '-X', 'PUT', '-d', user);
    const entityId = first.body.auth.entity_id as string;
    const made = await curl(
      'identity/mfa/method/totp/admin-generate',
      ...root,
      '-H',
      'Content-Type: application/json',
      '-d',
      JSON.stringify({ method_id: DEFAULT_METHOD, entity_id: entityId }),
    );
    const authenticator = new Authenticator(made.body.data.url);
    const enforcement = JSON.stringify({
      mfa_method_ids: [DEFAULT_METHOD],
      auth_method_accessors: [world.accessor],
    });
    const enforced = await curl('identity/mfa/login-enforcement/all', ...root, '-d', enforcement);
    expect(enforced.status).toBe(204);

    const asked = await curl('auth/userpass/login/carla', '-d', user);
    const { mfa_request_id } = asked.body.auth.mfa_requirement;
    const payload = {
      mfa_request_id,
      mfa_payload: { [DEFAULT_METHOD]: [authenticator.codeAt(world.server.clock.now())] },
    };
    const done = await curl('sys/mfa/validate', '-d', JSON.stringify(payload));
    const bearer = ['-H', `Authorization: Bearer ${done.body.auth.client_token}`];
    expect((await curl('auth/token/lookup-self', ...bearer)).body.data.display_name).toBe('userpass-carla');
    expect(await curl('sys/health', '-I', '--output', '/dev/null')).toMatchObject({ status: 200 });
  });
});

import { RadiusProbeService } from '@sallyport/mfa-methods';
import { afterAll, describe, expect, it } from 'vitest';
import { type FreeRadius, NO_FREE_RADIUS, startFreeRadius } from '../support/free-radius.js';
import { plantRadius, type PlantedMethod } from '../support/radius-method.js';
import { SILENT, WRONG_OTP } from './error-bodies.js';
import { withServer } from './scene.js';

/** RADIUS against a server that is not ours (RFC 2865, RFC 3579); it demands a Message-Authenticator of every request. */
describe.skipIf(NO_FREE_RADIUS !== null)(
  `FreeRADIUS${NO_FREE_RADIUS === null ? '' : ` (${NO_FREE_RADIUS})`}`,
  async () => {
    const radius: FreeRadius | null = NO_FREE_RADIUS === null ? await startFreeRadius() : null;
    const server = withServer({ SALLYPORT_OUTGOING_ALLOW: `radius://127.0.0.1:${radius?.port ?? 1}` });
    afterAll(() => radius?.stop());

    let users = 0;
    const sharedSecret = radius?.secret ?? '';
    const plant = (method: Partial<PlantedMethod>) =>
      plantRadius(server.sallyport, {
        port: radius?.port,
        sharedSecret,
        challengeSharedSecret: 'knock',
        timeout: 2,
        ...method,
      });
    /** A new user's partial token. */
    const pendingUser = async (prefix: string) => {
      await server.demandFactor(null);
      const name = `${prefix}-${++users}`;
      await server.plantUser(name);
      return name;
    };

    it.each(['PAP', 'CHAP'] as const)(
      'lets in with the code in one step, and refuses another, with %s',
      async (authenticationProtocol) => {
        const name = await pendingUser('one');
        await plant({ mode: 'OneFactor', authenticationProtocol });
        const pending = await server.partial(name);
        expect((await pending.post('/authentication/otp/initialize', {})).body.type).toBe('Challenge');
        expect((await pending.post('/authentication/otp', { otp: '000000' })).body).toEqual(WRONG_OTP);
        expect((await pending.post('/authentication/otp', { otp: '492039' })).status).toBe(200);
      },
    );

    it.each(['PAP', 'CHAP'] as const)(
      'challenges, and takes the answer with its state, with %s',
      async (authenticationProtocol) => {
        const name = await pendingUser('two');
        await plant({ mode: 'Challenge', authenticationProtocol });
        const pending = await server.partial(name);
        expect((await pending.post('/authentication/otp/initialize', {})).body).toEqual({
          type: 'Challenge',
          inputType: 'Masked',
          responseMessage: 'Enter the code',
          state: Buffer.from('open').toString('base64'),
          timeout: 2,
        });
        expect((await pending.post('/authentication/otp', { otp: '000000' })).body).toEqual(WRONG_OTP);
        expect((await pending.post('/authentication/otp', { otp: '492039' })).status).toBe(200);
      },
    );

    it('counts as silent without a Message-Authenticator in its answers (CVE-2024-3596)', async () => {
      const name = await pendingUser('old');
      await plant({ mode: 'OneFactor', timeout: 1 });
      const pending = await server.partial(name);
      await pending.post('/authentication/otp/initialize', {});
      expect((await pending.post('/authentication/otp', { otp: '492039' })).body).toEqual(SILENT);
    });

    it('is found by the probe of a provider, with the right secret only', async () => {
      const probe = {
        hostnames: ['127.0.0.1'],
        port: radius!.port,
        authenticationProtocol: 'PAP',
        timeout: 1,
      } as const;
      const probes = server.sallyport.app.get(RadiusProbeService, { strict: false });
      expect(await probes.probe({ ...probe, sharedSecret })).toEqual({ ok: true });
      expect(await probes.probe({ ...probe, sharedSecret: 'another secret' })).toEqual({
        ok: false,
        message: 'Connection timed out.',
      });
    });

    it('is silent for whoever does not share the secret', async () => {
      const name = await pendingUser('one');
      await plant({ mode: 'OneFactor', sharedSecret: 'another secret', timeout: 1 });
      const pending = await server.partial(name);
      await pending.post('/authentication/otp/initialize', {});
      expect((await pending.post('/authentication/otp', { otp: '492039' })).body).toEqual(SILENT);
    });
  },
);

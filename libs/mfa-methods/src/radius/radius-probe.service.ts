import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RadiusClientService } from './radius-client.service.js';
import type { RadiusConfig } from './radius-config.js';

export type RadiusProbe = Pick<RadiusConfig, 'hostnames' | 'port' | 'authenticationProtocol' | 'timeout'> & {
  sharedSecret: string;
};

/** Tries whether a RADIUS server answers (contract appgate.md §4.1, `POST /mfa-providers/test`). */
@Injectable()
export class RadiusProbeService {
  constructor(private readonly client: RadiusClientService) {}

  /**
   * Asks every host at once about a user that exists nowhere; whatever one of them answers under the secret is success. A host that
   * is not on the allow list is a silent one, and what a server says reaches nobody (S87).
   * @param probe `timeout` in seconds.
   */
  async probe({
    hostnames,
    port,
    authenticationProtocol,
    timeout,
    sharedSecret,
  }: RadiusProbe): Promise<{ ok: true } | { ok: false; message: string }> {
    const secret = Buffer.from(sharedSecret);
    const question = {
      username: 'sallyport-test',
      credential: randomBytes(12).toString('hex'),
      protocol: authenticationProtocol,
      state: null,
    };
    const asked = hostnames.map(async (host) => {
      const { kind } = await this.client.ask({ host, port, timeout, secret }, question);
      if (kind === 'silent' || kind === 'unreached') throw new Error(kind);
    });
    return Promise.any(asked).then(
      () => ({ ok: true }),
      () => ({ ok: false, message: 'Connection timed out.' }),
    );
  }
}

import { Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ServiceLoginService } from '@sallyport/auth';
import { Clock } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { credentialsFrom } from '../sys-mfa/payload.js';
import { authView } from '../token/token-view.js';
import { AuthView } from '../token/auth.dto.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { callerGone } from '../wire/caller-gone.js';
import { Fields } from '../wire/fields.js';
import { readMfaHeader } from '../wire/request-headers.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { LoginFields } from './login.dto.js';
import { FACTOR_OWED, owedView } from './owed-view.js';
import { mountOf, UserpassMountGuard } from './userpass-mount.guard.js';

/** Logins with user name and password, in one phase or two (§3, §4, §8). */
@UseGuards(UserpassMountGuard)
@VaultRoutes('auth/:mount/login', 'userpass')
export class LoginController {
  constructor(
    private readonly logins: ServiceLoginService,
    private readonly clock: Clock,
  ) {}

  @Post(':username')
  @Access({ kind: 'open' })
  @ApiHeader({
    name: 'X-Vault-MFA',
    required: false,
    description: '`<method id or name>:<code>`; one header line per method.',
  })
  @Describe({
    summary: 'Log in',
    description:
      'Answers a token; or, where a second factor is owed, an empty one with `mfa_requirement`, for `sys/mfa/validate`. ' +
      'Codes may come along as `X-Vault-MFA: <method id or name>:<code>` header lines.',
    params: { mount: 'The mount path: one segment.', username: 'The user name, in any case.' },
    body: LoginFields,
    auth: AuthView,
    refuses: {
      400: ['missing password', 'invalid username or password', 'auth methods cannot create root tokens'],
      403: ['permission denied'],
    },
    open: true,
  })
  async logIn(
    @Fields() { username, password }: LoginFields,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Answer> {
    const codes = readMfaHeader(request.raw.headersDistinct);
    const outcome = await this.logins.logIn({
      ...mountOf(request),
      username,
      password,
      credentialFor: codes.size === 0 ? null : credentialsFrom(codes),
      signal: callerGone(reply),
      actor: actorOf(request),
    });
    if (outcome.kind === 'factor-owed') return Answer.auth(owedView(outcome), [FACTOR_OWED]);
    const { token, secret, unusedCredentials } = outcome;
    const warnings = unusedCredentials ? ['Found MFA header but failed to find MFA Enforcement Config'] : [];
    return Answer.auth(authView(token, secret, this.clock.now()), warnings);
  }
}

import { setImmediate as breathe } from 'node:timers/promises';
import { HttpCode, Post, Req } from '@nestjs/common';
import { aclSubjectOfToken } from '@sallyport/auth';
import { type AclSubject, AclService, isRoot } from '@sallyport/privileges';
import { type Token, TokensService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { aclSubjectOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { AccessorPathsFields, CapabilitiesView, PathsFields, TokenPathsFields } from './capabilities.dto.js';

/** Paths of one call (S81): with ten thousand rules that are filled in for the caller they are half a second's work. */
const MOST_PATHS = 200;
/** Paths after which others are let in. */
const BREATH = 10;
const EXAMPLE = { capabilities: ['read'] };
const TOO_MANY = `too many paths: at most ${MOST_PATHS} at once`;
const NO_PATHS = ['paths must be supplied', TOO_MANY];

/** What a token's policies give on paths, computed as for a list (§11, §12). */
@VaultRoutes('sys', 'ACL policies')
export class CapabilitiesController {
  constructor(
    private readonly acl: AclService,
    private readonly tokens: TokensService,
  ) {}

  @Post('capabilities-self')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: "What the caller's token may do",
    description: '`["root"]` for root, `["deny"]` for nothing.',
    body: PathsFields,
    data: CapabilitiesView,
    example: EXAMPLE,
    refuses: { 400: NO_PATHS },
  })
  async ofSelf(@Fields() fields: PathsFields, @Req() request: FastifyRequest): Promise<Answer> {
    return this.answer(aclSubjectOf(request), fields);
  }

  @Post('capabilities')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'What a token may do',
    body: TokenPathsFields,
    data: CapabilitiesView,
    example: EXAMPLE,
    refuses: { 400: [...NO_PATHS, 'missing token', 'invalid token'] },
  })
  async ofToken(@Fields() { token, ...fields }: TokenPathsFields): Promise<Answer> {
    if (!token) throw refuse(400, 'missing token');
    return this.answer(subjectOf(await this.tokens.findBySecret(token), 'invalid token'), fields);
  }

  @Post('capabilities-accessor')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'What the token of an accessor may do',
    body: AccessorPathsFields,
    data: CapabilitiesView,
    example: EXAMPLE,
    refuses: { 400: [...NO_PATHS, multiError('missing accessor'), multiError('invalid accessor')] },
  })
  async ofAccessor(@Fields() { accessor, ...fields }: AccessorPathsFields): Promise<Answer> {
    if (!accessor) throw refuse(400, multiError('missing accessor'));
    const found = await this.tokens.findByAccessor(accessor);
    return this.answer(subjectOf(found, multiError('invalid accessor')), fields);
  }

  private async answer(subject: AclSubject, fields: PathsFields): Promise<Answer> {
    const paths = fields.paths?.length ? fields.paths : (fields.path ?? []);
    if (paths.length === 0) throw refuse(400, 'paths must be supplied');
    if (paths.length > MOST_PATHS) throw refuse(400, TOO_MANY);
    const found: [string, string[]][] = [];
    for (const [at, path] of paths.entries()) {
      if (at % BREATH === BREATH - 1) await breathe();
      found.push([path, await this.capabilitiesOn(subject, path)]);
    }
    const only = found.length === 1 ? found : [];
    return Answer.data(
      Object.fromEntries([...only.map(([, names]) => ['capabilities', names] as const), ...found]),
    );
  }

  private async capabilitiesOn(subject: AclSubject, path: string): Promise<string[]> {
    if (isRoot(subject)) return ['root'];
    const names = await this.acl.capabilitiesOn(subject, path.replace(/^\//, ''));
    return names.length === 0 ? ['deny'] : names;
  }
}

/** A token of `/admin` carries no policies and is unknown here (§1.7). */
function subjectOf(token: Token | null, unknown: string): AclSubject {
  if (token?.origin !== 'vault') throw refuse(400, unknown);
  return aclSubjectOfToken(token);
}

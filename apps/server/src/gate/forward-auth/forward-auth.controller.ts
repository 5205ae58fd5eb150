import { applyDecorators, Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { AdmissionService } from '@sallyport/auth';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { bearerOf } from '../wire/caller.js';
import { OauthError } from '../wire/oauth-error.js';
import { readRule, RULE_PARAMETERS, type RuleParameters } from './admission-rule.js';
import { IDENTITY_HEADERS, identityHeaders } from './identity-headers.js';
import { originalRequest } from './original-request.js';

const EXAMPLES: Record<keyof typeof RULE_PARAMETERS, string> = {
  privilege: 'View:LocalUser',
  scope_id: '4c07bc67-57ea-42dd-b702-c2d6c45419fc',
  scope_tag: 'production',
  path: 'tools/wiki',
  capability: 'read',
  under: 'tools',
  aal: '2',
};

/** Documents the parameters of the rule. */
function DescribeRule(): MethodDecorator {
  const names = Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[];
  return applyDecorators(
    ...names.map((name) =>
      ApiQuery({
        name,
        required: false,
        description: RULE_PARAMETERS[name],
        schema: { type: 'string' },
        example: EXAMPLES[name],
      }),
    ),
  );
}

const DESCRIPTION = `For nginx \`auth_request\`, Traefik ForwardAuth, Caddy \`forward_auth\` and Envoy \`ext_authz\`: the proxy passes on the header with the token
and writes its rule into the query. A rule of a privilege is for tokens of \`/admin\`, one of a path for tokens of \`/v1\`; with both, each is asked of its own.
Without any, every full live token passes. Texts in headers are percent-encoded where they are not visible ASCII; \`-\` stands for nothing.`;

/** The door in front of tools that have no login of their own. */
@ApiTags('In front of other tools')
@ApiSecurity('vaultToken')
@Controller('forward-auth')
export class ForwardAuthController {
  constructor(private readonly admission: AdmissionService) {}

  @Get()
  @Access({ kind: 'full-token' })
  @ApiOperation({
    summary: 'Ask whether a token passes',
    description: DESCRIPTION,
    operationId: 'forwardAuth',
  })
  @DescribeRule()
  @ApiResponse({
    status: 200,
    description: 'It passes; no body.',
    headers: Object.fromEntries(
      Object.entries(IDENTITY_HEADERS).map(([name, description]) => [
        name,
        { description, schema: { type: 'string' } },
      ]),
    ),
  })
  @ApiResponse({ status: 400, description: 'The rule is not understood.', type: OauthError })
  @ApiResponse({
    status: 401,
    description: 'No full live token, or a lower assurance level.',
    type: OauthError,
  })
  @ApiResponse({ status: 403, description: 'The token does not meet the rule.', type: OauthError })
  @ApiResponse({ status: 503, description: 'Nothing can be decided now.', type: OauthError })
  async ask(
    @Query() query: RuleParameters,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const bearer = bearerOf(request);
    const rights = await this.admission.admit(
      bearer,
      readRule(query, () => originalRequest(request)),
    );
    reply.headers(identityHeaders(bearer, rights));
  }
}

import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { IDENTITY_PROVIDERS, ObjectsService, ProviderAdministrationService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type QueryParameters, readListRequest } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { IdPipe } from '../validation/id.pipe.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import * as dto from './provider.dto.js';
import { providerAnswer, readNewProvider, readProvider } from './provider-wire.js';

const LISTING = namedListing('type', 'adminProvider');
const NEW_SHAPES = {
  Ldap: dto.NewLdapFields,
  LdapCertificate: dto.NewLdapCertificateFields,
  Radius: dto.NewRadiusFields,
  Saml: dto.NewSamlFields,
  Oidc: dto.NewOidcFields,
};
const SHAPES = {
  LocalDatabase: dto.LocalDatabaseFields,
  ServiceDatabase: dto.ServiceDatabaseFields,
  Connector: dto.ProviderFields,
  Ldap: dto.LdapFields,
  LdapCertificate: dto.LdapCertificateFields,
  Radius: dto.RadiusFields,
  Saml: dto.SamlFields,
  Oidc: dto.OidcFields,
};

/** A body whose `type` selects its shape. */
function oneOf(shapes: Record<string, new () => object>) {
  const places = Object.entries(shapes).map(([type, model]) => [type, getSchemaPath(model)] as const);
  const discriminator = { propertyName: 'type', mapping: Object.fromEntries(places) };
  return { schema: { oneOf: places.map(([, $ref]) => ({ $ref })), discriminator } };
}

/** `/identity-providers` (appgate.md §5.3): where first factors are proven. Sign-in works for LocalDatabase; the others are kept. */
@ApiTags('admin: identity providers')
@PeerCall()
@ApiExtraModels(...Object.values(NEW_SHAPES), ...Object.values(SHAPES))
@Controller('admin/identity-providers')
export class IdentityProvidersController {
  constructor(
    private readonly objects: ObjectsService,
    private readonly providers: ProviderAdministrationService,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'List identity providers', operationId: 'listIdentityProviders' })
  @AnswersList(dto.ProviderAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<dto.ProviderAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.objects.list(IDENTITY_PROVIDERS, request, privileges);
    return listAnswer(request, { items: rows.map(providerAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Create', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'Create an identity provider', operationId: 'createIdentityProvider' })
  @ApiBody(oneOf(NEW_SHAPES))
  @ApiOkResponse({ type: dto.ProviderAnswer })
  @Refuses(400, 401, 403, 409, 413, 422)
  async create(
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<dto.ProviderAnswer> {
    return providerAnswer(await this.providers.create(readNewProvider(body), caller));
  }

  @Get(':id')
  @Access({ kind: 'privilege', type: 'View', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'Read an identity provider', operationId: 'readIdentityProvider' })
  @ApiOkResponse({ type: dto.ProviderAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<dto.ProviderAnswer> {
    return providerAnswer(await this.objects.get(IDENTITY_PROVIDERS, id, privileges));
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Edit', target: 'IdentityProvider', orType: 'Tag' })
  @ApiOperation({ summary: 'Replace an identity provider', operationId: 'replaceIdentityProvider' })
  @ApiBody(oneOf(SHAPES))
  @ApiOkResponse({ type: dto.ProviderAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async replace(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<dto.ProviderAnswer> {
    await this.objects.mustBeChangeable(IDENTITY_PROVIDERS, id, caller.privileges);
    const before = await this.objects.get(IDENTITY_PROVIDERS, id, caller.privileges);
    return providerAnswer(await this.providers.replace(id, readProvider(before, body), caller));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'IdentityProvider' })
  @ApiOperation({ summary: 'Delete an identity provider', operationId: 'deleteIdentityProvider' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 409)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.objects.remove(IDENTITY_PROVIDERS, id, caller);
  }
}

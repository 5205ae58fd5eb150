import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MFA_PROVIDERS, MfaProvidersService } from '@sallyport/auth';
import { type RadiusConfig, RadiusProbeService } from '@sallyport/mfa-methods';
import { ObjectsService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type QueryParameters, readListRequest } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { TestAnswer, testAnswer } from '../openapi/test-answer.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readReplacement } from '../validation/read-replacement.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import {
  BuiltInMfaProviderFields,
  MfaProviderAnswer,
  MfaProviderFields,
  MfaProviderTestFields,
  NewMfaProviderFields,
  RadiusProviderFields,
} from './mfa-provider.dto.js';
import { mfaProviderAnswer, mfaProviderInput, readNewMfaProvider } from './mfa-provider-wire.js';

const LISTING = namedListing('type');

/** `/mfa-providers` (appgate.md §4.1): ways to prove a second factor. */
@ApiTags('admin: MFA')
@PeerCall()
@Controller('admin/mfa-providers')
export class MfaProvidersController {
  constructor(
    private readonly objects: ObjectsService,
    private readonly providers: MfaProvidersService,
    private readonly radius: RadiusProbeService,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'MfaProvider' })
  @ApiOperation({ summary: 'List MFA providers', operationId: 'listMfaProviders' })
  @AnswersList(MfaProviderAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<MfaProviderAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.objects.list(MFA_PROVIDERS, request, privileges);
    return listAnswer(request, { items: rows.map(mfaProviderAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Create', target: 'MfaProvider' })
  @ApiOperation({ summary: 'Create an MFA provider', operationId: 'createMfaProvider' })
  @ApiBody({ type: NewMfaProviderFields })
  @ApiOkResponse({ type: MfaProviderAnswer })
  @Refuses(400, 401, 403, 409, 413, 422)
  async create(
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<MfaProviderAnswer> {
    const fields = readNewMfaProvider(body);
    return mfaProviderAnswer(await this.providers.create(mfaProviderInput(fields), caller));
  }

  @Post('test')
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Test', target: 'MfaProvider' })
  @ApiOperation({ summary: 'Try whether a RADIUS server answers', operationId: 'testMfaProvider' })
  @ApiOkResponse({ type: TestAnswer })
  @Refuses(400, 401, 403, 413, 422)
  async test(@Body(FieldsPipe) fields: MfaProviderTestFields): Promise<TestAnswer> {
    const authenticationProtocol = fields.authenticationProtocol as RadiusConfig['authenticationProtocol'];
    const result = await this.radius.probe({ ...fields, authenticationProtocol });
    return testAnswer(result.ok ? null : result.message);
  }

  @Get(':id')
  @Access({ kind: 'privilege', type: 'View', target: 'MfaProvider' })
  @ApiOperation({ summary: 'Read an MFA provider', operationId: 'readMfaProvider' })
  @ApiOkResponse({ type: MfaProviderAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<MfaProviderAnswer> {
    return mfaProviderAnswer(await this.objects.get(MFA_PROVIDERS, id, privileges));
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Edit', target: 'MfaProvider', orType: 'Tag' })
  @ApiOperation({ summary: 'Replace an MFA provider', operationId: 'replaceMfaProvider' })
  @ApiBody({ type: RadiusProviderFields })
  @ApiOkResponse({ type: MfaProviderAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async replace(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<MfaProviderAnswer> {
    await this.objects.mustBeChangeable(MFA_PROVIDERS, id, caller.privileges);
    const before = await this.objects.get(MFA_PROVIDERS, id, caller.privileges);
    const fields = readReplacement<MfaProviderFields>(
      before.builtIn ? BuiltInMfaProviderFields : RadiusProviderFields,
      body,
      id,
    );
    return mfaProviderAnswer(await this.providers.replace(before, mfaProviderInput(fields), caller));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'MfaProvider' })
  @ApiOperation({ summary: 'Delete an MFA provider', operationId: 'deleteMfaProvider' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 409)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.objects.remove(MFA_PROVIDERS, id, caller);
  }
}

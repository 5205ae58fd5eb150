import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ObjectsService, SERVICE_USERS, ServiceUsersService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type QueryParameters, readListRequest } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readReplacement } from '../validation/read-replacement.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { NewServiceUserFields, ServiceUserAnswer, ServiceUserFields } from './service-user.dto.js';
import { serviceUserAnswer, serviceUserInput } from './service-user-wire.js';

const LISTING = namedListing('disabled');

/** `/service-users` (appgate.md §5.2): users of the built-in service provider, who cannot sign in here. */
@ApiTags('admin: service users')
@PeerCall()
@Controller('admin/service-users')
export class ServiceUsersController {
  constructor(
    private readonly objects: ObjectsService,
    private readonly users: ServiceUsersService,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'ServiceUser' })
  @ApiOperation({ summary: 'List service users', operationId: 'listServiceUsers' })
  @AnswersList(ServiceUserAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<ServiceUserAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.objects.list(SERVICE_USERS, request, privileges);
    return listAnswer(request, { items: rows.map(serviceUserAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Create', target: 'ServiceUser' })
  @ApiOperation({ summary: 'Create a service user', operationId: 'createServiceUser' })
  @ApiOkResponse({ type: ServiceUserAnswer })
  @Refuses(400, 401, 403, 409, 413, 422)
  async create(
    @Body(FieldsPipe) fields: NewServiceUserFields,
    @CallingAdministrator() caller: Administrator,
  ): Promise<ServiceUserAnswer> {
    const input = { ...serviceUserInput(fields), password: fields.password };
    return serviceUserAnswer(await this.users.create(input, caller));
  }

  @Get(':id')
  @Access({ kind: 'privilege', type: 'View', target: 'ServiceUser' })
  @ApiOperation({ summary: 'Read a service user', operationId: 'readServiceUser' })
  @ApiOkResponse({ type: ServiceUserAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ServiceUserAnswer> {
    return serviceUserAnswer(await this.objects.get(SERVICE_USERS, id, privileges));
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Edit', target: 'ServiceUser', orType: 'Tag' })
  @ApiOperation({ summary: 'Replace a service user', operationId: 'replaceServiceUser' })
  @ApiBody({ type: ServiceUserFields })
  @ApiOkResponse({ type: ServiceUserAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async replace(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<ServiceUserAnswer> {
    await this.objects.mustBeChangeable(SERVICE_USERS, id, caller.privileges);
    const input = serviceUserInput(readReplacement(ServiceUserFields, body, id));
    return serviceUserAnswer(await this.users.replace(id, input, caller));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'ServiceUser' })
  @ApiOperation({ summary: 'Delete a service user', operationId: 'deleteServiceUser' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.objects.remove(SERVICE_USERS, id, caller);
  }
}

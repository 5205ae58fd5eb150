import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { UserAdministrationService, UserDirectoryService } from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { readListRequest, type QueryParameters } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readReplacement } from '../validation/read-replacement.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { LocalUserAnswer, LocalUserFields, NewLocalUserFields } from './local-user.dto.js';
import { localUserAnswer, localUserInput } from './local-user-wire.js';

const LISTING = namedListing('disabled', 'firstName', 'lastName', 'email');

/** `/local-users` (appgate.md §5.1): users of the provider `local`. */
@ApiTags('admin: local users')
@PeerCall()
@Controller('admin/local-users')
export class LocalUsersController {
  constructor(
    private readonly users: UserAdministrationService,
    private readonly directory: UserDirectoryService,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'LocalUser' })
  @ApiOperation({ summary: 'List local users', operationId: 'listLocalUsers' })
  @AnswersList(LocalUserAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<ListAnswer<LocalUserAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.directory.list(request, privileges);
    return listAnswer(request, { items: rows.map(localUserAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Create', target: 'LocalUser' })
  @ApiOperation({ summary: 'Create a local user', operationId: 'createLocalUser' })
  @ApiOkResponse({ type: LocalUserAnswer })
  @Refuses(400, 401, 403, 409, 413, 422, 429)
  async create(
    @Body(FieldsPipe) fields: NewLocalUserFields,
    @CallingAdministrator() caller: Administrator,
  ): Promise<LocalUserAnswer> {
    const input = { ...localUserInput(fields), password: fields.password };
    return localUserAnswer(
      await this.users.createLocal(input, caller.privileges, caller.mayExempt, caller.actor, caller.subject),
    );
  }

  @Get(':id')
  @Access({ kind: 'privilege', type: 'View', target: 'LocalUser' })
  @ApiOperation({ summary: 'Read a local user', operationId: 'readLocalUser' })
  @ApiOkResponse({ type: LocalUserAnswer })
  @Refuses(401, 403, 404)
  async read(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { privileges }: Administrator,
  ): Promise<LocalUserAnswer> {
    return localUserAnswer(await this.users.get(id, privileges));
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Edit', target: 'LocalUser', orType: 'Tag' })
  @ApiOperation({ summary: 'Replace a local user', operationId: 'replaceLocalUser' })
  @ApiBody({ type: LocalUserFields })
  @ApiOkResponse({ type: LocalUserAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async replace(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() caller: Administrator,
  ): Promise<LocalUserAnswer> {
    await this.users.mustBeChangeable(id, caller.privileges);
    const input = localUserInput(readReplacement(LocalUserFields, body, id));
    return localUserAnswer(
      await this.users.replaceLocal(
        id,
        input,
        caller.privileges,
        caller.mayExempt,
        caller.actor,
        caller.subject,
      ),
    );
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Delete', target: 'LocalUser' })
  @ApiOperation({ summary: 'Delete a local user', operationId: 'deleteLocalUser' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 409)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() caller: Administrator,
  ): Promise<void> {
    await this.users.removeLocal(id, caller.privileges, caller.actor, caller.subject);
  }
}

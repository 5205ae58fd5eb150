import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TagsService } from '@sallyport/identity';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, readListRequest, type QueryParameters } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { FieldsPipe } from '../validation/fields.pipe.js';
import { IdPipe } from '../validation/id.pipe.js';
import { readReplacement } from '../validation/read-replacement.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { TagAnswer, TagDetailAnswer, TagFields } from './tag.dto.js';
import { tagAnswer, tagDetailAnswer } from './tag-wire.js';

const LISTING: Listing = {
  orders: ['name', 'id', 'created', 'updated', 'colorCode'],
  filters: ['name', 'id', 'created', 'updated', 'colorCode'],
  orderBy: 'name',
};

/** `/tags` (appgate.md §6.6): the tags there are, and where. */
@ApiTags('admin: preferences and tags')
@PeerCall()
@Controller('admin/tags')
export class TagsController {
  constructor(private readonly tags: TagsService) {}

  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List tags', operationId: 'listTags' })
  @AnswersList(TagAnswer, LISTING)
  @Refuses(401, 403)
  async list(@Query() query: QueryParameters): Promise<ListAnswer<TagAnswer>> {
    const request = readListRequest(query, LISTING);
    const { rows, ...counts } = await this.tags.list(request);
    return listAnswer(request, { items: rows.map(tagAnswer), ...counts });
  }

  @Post()
  @HttpCode(200)
  @Access({ kind: 'privilege', type: 'Tag', target: 'All' })
  @ApiOperation({ summary: 'Create a tag', operationId: 'createTag' })
  @ApiOkResponse({ type: TagDetailAnswer })
  @Refuses(400, 401, 403, 409, 413, 422)
  async create(
    @Body(FieldsPipe) fields: TagFields,
    @CallingAdministrator() { actor }: Administrator,
  ): Promise<TagDetailAnswer> {
    return tagDetailAnswer(await this.tags.create(fields, actor));
  }

  @Get(':id')
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'Read a tag', operationId: 'readTag' })
  @ApiOkResponse({ type: TagDetailAnswer })
  @Refuses(401, 403, 404)
  async read(@Param('id', IdPipe) id: string): Promise<TagDetailAnswer> {
    return tagDetailAnswer(await this.tags.get(id));
  }

  @Put(':id')
  @Access({ kind: 'privilege', type: 'Tag', target: 'All' })
  @ApiOperation({ summary: 'Replace notes and colour of a tag', operationId: 'replaceTag' })
  @ApiBody({ type: TagFields })
  @ApiOkResponse({ type: TagDetailAnswer })
  @Refuses(400, 401, 403, 404, 413, 422)
  async replace(
    @Param('id', IdPipe) id: string,
    @Body() body: unknown,
    @CallingAdministrator() { actor }: Administrator,
  ): Promise<TagDetailAnswer> {
    await this.tags.get(id);
    return tagDetailAnswer(await this.tags.replace(id, readReplacement(TagFields, body, id), actor));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ kind: 'privilege', type: 'Tag', target: 'All' })
  @ApiOperation({ summary: 'Delete a tag nothing uses', operationId: 'deleteTag' })
  @ApiNoContentResponse()
  @Refuses(401, 403, 404, 409)
  async remove(
    @Param('id', IdPipe) id: string,
    @CallingAdministrator() { actor }: Administrator,
  ): Promise<void> {
    await this.tags.remove(id, actor);
  }
}

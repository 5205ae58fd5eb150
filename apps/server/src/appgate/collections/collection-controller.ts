import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  type Type,
} from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type Collection,
  type NamedObject,
  ObjectsService,
  type ObjectValues,
  type Writer,
} from '@sallyport/privileges';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type QueryParameters, readListRequest } from '../lists/list-request.js';
import { namedListing } from '../lists/named-listing.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { IdPipe } from '../validation/id.pipe.js';
import type { NamedObjectFields } from '../validation/named-object-fields.js';
import { readFields } from '../validation/read-fields.js';
import { readReplacement } from '../validation/read-replacement.js';
import { type Administrator, CallingAdministrator } from '../wire/caller.js';
import { CallVersion } from '../wire/call-version.js';

/** Writes objects of a collection for which more is to be done than to write an object: hashing, sealing. */
export interface CollectionWriter<T extends NamedObject, V> {
  create(values: V, writer: Writer): Promise<T>;
  replace(id: string, values: V, writer: Writer): Promise<T>;
  remove?(id: string, writer: Writer): Promise<void>;
}

/** What a collection of named objects is on the wire; its rules are in the core's `Collection`. */
export interface CollectionRoutes<
  T extends NamedObject,
  F extends NamedObjectFields,
  A extends object,
  V = ObjectValues<T>,
> {
  collection: Collection<T>;
  /** Under `/admin`. */
  path: string;
  /** The group in the API description. */
  tag: string;
  /** For the API description: one of them and several, `administrative role`, `administrative roles`. */
  noun: string;
  plural: string;
  /** Fields the list can be ordered and filtered by, beside those of every named object. */
  listedBy?: readonly string[];
  /** What PUT takes, and POST where `newFields` is absent. */
  fields: new () => F;
  newFields?: new () => F;
  answer: new () => A;
  /** A request's fields as the core takes them. */
  read: (fields: F) => V;
  /** An object on the wire, for a caller of this peer version. */
  write: (object: T, version: number) => A;
  /** Who writes; absent: `ObjectsService`, which takes what `read` gives. */
  writer?: Type<CollectionWriter<T, V>>;
  /** What POST refuses with beside what every collection does. */
  createRefuses?: 429;
}

/** A controller with the five calls of a collection (appgate.md §1.5-§1.7, §3.6). */
export function collectionController<
  T extends NamedObject,
  F extends NamedObjectFields,
  A extends object,
  V = ObjectValues<T>,
>(routes: CollectionRoutes<T, F, A, V>): Type<unknown> {
  const { collection, fields, newFields = fields, answer, noun, plural, createRefuses } = routes;
  const { target } = collection;
  const listing = namedListing(...(routes.listedBy ?? []));

  @ApiTags(routes.tag)
  @PeerCall()
  @Controller(`admin/${routes.path}`)
  class CollectionController {
    private readonly writer: CollectionWriter<T, V>;

    constructor(
      private readonly objects: ObjectsService,
      @Inject(routes.writer ?? ObjectsService) writer: unknown,
    ) {
      this.writer =
        routes.writer === undefined ? plainWriter(objects, collection) : (writer as CollectionWriter<T, V>);
    }

    @Get()
    @Access({ kind: 'privilege', type: 'View', target })
    @ApiOperation({ summary: `List ${plural}`, operationId: operation('list', plural) })
    @AnswersList(answer, listing)
    @Refuses(401, 403)
    async list(
      @Query() query: QueryParameters,
      @CallingAdministrator() { privileges }: Administrator,
      @CallVersion() version: number,
    ): Promise<ListAnswer<A>> {
      const request = readListRequest(query, listing);
      const { rows, ...counts } = await this.objects.list(collection, request, privileges);
      return listAnswer(request, { items: rows.map((row) => routes.write(row, version)), ...counts });
    }

    @Post()
    @HttpCode(200)
    @Access({ kind: 'privilege', type: 'Create', target })
    @ApiOperation({ summary: `Create ${one(noun)}`, operationId: operation('create', noun) })
    @ApiBody({ type: newFields })
    @ApiOkResponse({ type: answer })
    @Refuses(400, 401, 403, 409, 413, 422, ...(createRefuses === undefined ? [] : [createRefuses]))
    async create(
      @Body() body: unknown,
      @CallingAdministrator() caller: Administrator,
      @CallVersion() version: number,
    ): Promise<A> {
      const values = routes.read(readFields(newFields, body));
      return routes.write(await this.writer.create(values, caller), version);
    }

    @Get(':id')
    @Access({ kind: 'privilege', type: 'View', target })
    @ApiOperation({ summary: `Read ${one(noun)}`, operationId: operation('read', noun) })
    @ApiOkResponse({ type: answer })
    @Refuses(401, 403, 404)
    async read(
      @Param('id', IdPipe) id: string,
      @CallingAdministrator() { privileges }: Administrator,
      @CallVersion() version: number,
    ): Promise<A> {
      return routes.write(await this.objects.get(collection, id, privileges), version);
    }

    @Put(':id')
    @Access({ kind: 'privilege', type: 'Edit', target, orType: 'Tag' })
    @ApiOperation({ summary: `Replace ${one(noun)}`, operationId: operation('replace', noun) })
    @ApiBody({ type: fields })
    @ApiOkResponse({ type: answer })
    @Refuses(400, 401, 403, 404, 413, 422)
    async replace(
      @Param('id', IdPipe) id: string,
      @Body() body: unknown,
      @CallingAdministrator() caller: Administrator,
      @CallVersion() version: number,
    ): Promise<A> {
      await this.objects.mustBeChangeable(collection, id, caller.privileges);
      const values = routes.read(readReplacement(fields, body, id));
      return routes.write(await this.writer.replace(id, values, caller), version);
    }

    @Delete(':id')
    @HttpCode(204)
    @Access({ kind: 'privilege', type: 'Delete', target })
    @ApiOperation({ summary: `Delete ${one(noun)}`, operationId: operation('delete', noun) })
    @ApiNoContentResponse()
    @Refuses(401, 403, 404, 409)
    async remove(
      @Param('id', IdPipe) id: string,
      @CallingAdministrator() caller: Administrator,
    ): Promise<void> {
      if (this.writer.remove) return this.writer.remove(id, caller);
      await this.objects.remove(collection, id, caller);
    }
  }

  const name = `${operation('', plural)}Controller`;
  Object.defineProperty(CollectionController, 'name', { value: name });
  return CollectionController;
}

/** An object is written as it was read. */
function plainWriter<T extends NamedObject, V>(
  objects: ObjectsService,
  collection: Collection<T>,
): CollectionWriter<T, V> {
  return {
    create: (values, writer) => objects.create(collection, values as ObjectValues<T>, writer),
    replace: (id, values, writer) => objects.replace(collection, id, values as ObjectValues<T>, writer),
  };
}

/** `listAdministrativeRoles`. */
function operation(verb: string, words: string): string {
  const parts = words.split(/[ -]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return verb + parts.join('');
}

function one(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

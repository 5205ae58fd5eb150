import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiProperty, ApiTags } from '@nestjs/swagger';
import { COLORS } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import {
  type Listing,
  type ListRequest,
  readListRequest,
  type QueryParameters,
} from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';

export class ColorAnswer {
  @ApiProperty({ type: 'integer', example: 3 })
  id!: number;

  @ApiProperty({ example: 'Indigo' })
  colorName!: string;
}

const FIELDS = ['id', 'colorName'];
const LISTING: Listing = { orders: FIELDS, filters: FIELDS, orderBy: 'id' };
const ALL: ColorAnswer[] = COLORS.map((colorName, index) => ({ id: index + 1, colorName }));

/** `/colors` (appgate.md §6.6): the twenty colours of tags. */
@ApiTags('admin: preferences and tags')
@PeerCall()
@Controller('admin/colors')
export class ColorsController {
  @Get()
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'List colours', operationId: 'listColors' })
  @AnswersList(ColorAnswer, LISTING)
  @Refuses(401, 403)
  list(@Query() query: QueryParameters): ListAnswer<ColorAnswer> {
    const request = readListRequest(query, LISTING);
    const matching = ALL.filter((color) => matches(color, request)).toSorted((one, other) =>
      compare(one, other, request),
    );
    const { from, to } = request.range ?? { from: 0, to: ALL.length };
    return listAnswer(request, {
      items: matching.slice(from, to + 1),
      total: ALL.length,
      matching: matching.length,
    });
  }

  @Get(':id')
  @Access({ kind: 'token', state: 'final' })
  @ApiOperation({ summary: 'Read a colour', operationId: 'readColor' })
  @ApiParam({ name: 'id', schema: { type: 'integer' }, example: 3 })
  @ApiOkResponse({ type: ColorAnswer })
  @Refuses(401, 403, 404)
  read(@Param('id') id: string): ColorAnswer {
    const color = ALL.find((candidate) => String(candidate.id) === id);
    if (color === undefined)
      throw new DomainError('not-found', 'no-color', 'The requested resource was not found.');
    return color;
  }
}

function matches({ id, colorName }: ColorAnswer, { queries, filters }: ListRequest): boolean {
  const contains = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());
  const values: Record<string, string> = { id: String(id), colorName };
  return (
    queries.every((query) => contains(colorName, query)) &&
    filters.every(({ name, value }) => contains(values[name]!, value))
  );
}

function compare(one: ColorAnswer, other: ColorAnswer, { orderBy, descending }: ListRequest): number {
  const order = orderBy === 'id' ? one.id - other.id : one.colorName.localeCompare(other.colorName, 'en');
  return descending ? -order : order;
}

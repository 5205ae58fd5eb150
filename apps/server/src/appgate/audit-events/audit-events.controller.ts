import { Readable } from 'node:stream';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import {
  type Actor,
  AUDIT_CSV_HEADER,
  AUDIT_FIELDS,
  auditCsvLine,
  type AuditEntry,
  AuditExport,
  auditJsonLine,
  AuditSearchService,
  AuditService,
} from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { Access } from '../../http/access.js';
import { listAnswer, type ListAnswer } from '../lists/list-answer.js';
import { type Listing, type QueryParameters, readListRequest } from '../lists/list-request.js';
import { AnswersList, PeerCall, Refuses } from '../openapi/answers.js';
import { CallingActor } from '../wire/caller.js';
import { AuditEventAnswer } from './audit-event.dto.js';
import { auditEventAnswer, pageOf, periodOf } from './audit-event-wire.js';

const LISTING: Listing = { orders: AUDIT_FIELDS, filters: AUDIT_FIELDS, orderBy: 'at', descending: true };
const SINCE = { name: 'since', required: false, description: 'No event before this time.', type: String };
const UNTIL = { name: 'until', required: false, description: 'Events before this time only.', type: String };

const FORMATS = {
  jsonl: { type: 'application/x-ndjson', head: '', line: (entry: AuditEntry) => `${auditJsonLine(entry)}\n` },
  csv: { type: 'text/csv; charset=utf-8', head: AUDIT_CSV_HEADER, line: auditCsvLine },
};

/** `/sallyport/audit-events` (appgate.md §10): what happened, for whoever may View AuditLog. Reading it is an event, too (S78). */
@ApiTags('admin: audit')
@PeerCall()
@Controller('admin/sallyport/audit-events')
export class AuditEventsController {
  constructor(
    private readonly search: AuditSearchService,
    private readonly exports: AuditExport,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  @Get()
  @Access({ kind: 'privilege', type: 'View', target: 'AuditLog' })
  @ApiOperation({
    summary: 'List audit events',
    description:
      'Newest first. Without a range the first 1000; a range spans at most 1000. `query` looks at action, names, address and object. A period is found by an index, filters look at every event of it.',
    operationId: 'listAuditEvents',
  })
  @ApiQuery(SINCE)
  @ApiQuery(UNTIL)
  @AnswersList(AuditEventAnswer, LISTING)
  @Refuses(401, 403)
  async list(
    @Query() query: QueryParameters,
    @CallingActor() actor: Actor,
  ): Promise<ListAnswer<AuditEventAnswer>> {
    const request = pageOf(readListRequest(query, LISTING));
    const period = periodOf(query);
    const { queries, filters, range } = request;
    await this.record(actor, 'audit.read', { ...period, queries, filters, range });
    const { rows, ...counts } = await this.search.list(period, request);
    return listAnswer(request, { items: rows.map(auditEventAnswer), ...counts });
  }

  @Get('export')
  @Access({ kind: 'privilege', type: 'View', target: 'AuditLog' })
  @ApiOperation({
    summary: 'Export audit events',
    description:
      'Every event of a period, oldest first, as JSON Lines or CSV. In CSV control characters stand as \\uXXXX, a backslash as \\\\, and a cell a spreadsheet would compute begins with an apostrophe.',
    operationId: 'exportAuditEvents',
  })
  @ApiQuery({
    name: 'format',
    required: false,
    enum: Object.keys(FORMATS),
    description: 'jsonl unless told otherwise.',
  })
  @ApiQuery(SINCE)
  @ApiQuery(UNTIL)
  @ApiProduces('application/x-ndjson', 'text/csv')
  @ApiOkResponse({ description: 'One event a line.', schema: { type: 'string' } })
  @Refuses(401, 403, 422)
  async export(@Query() query: QueryParameters, @CallingActor() actor: Actor): Promise<StreamableFile> {
    const name = formatOf(query['format']);
    const period = periodOf(query);
    await this.record(actor, 'audit.exported', { ...period, format: name });
    const { type, head, line } = FORMATS[name];
    const entries = this.exports.rows(period);
    async function* text() {
      if (head !== '') yield head;
      for await (const entry of entries) yield line(entry);
    }
    return new StreamableFile(Readable.from(text()), {
      type,
      disposition: `attachment; filename="audit-events.${name}"`,
    });
  }

  private async record(
    actor: Actor,
    action: 'audit.read' | 'audit.exported',
    detail: Record<string, unknown>,
  ): Promise<void> {
    const object = { type: 'audit', id: 'events' };
    await this.audit.record(this.database, actor, { action, outcome: 'success', object, detail });
  }
}

function formatOf(text: QueryParameters[string]): keyof typeof FORMATS {
  if (text === undefined || text === 'jsonl') return 'jsonl';
  if (text === 'csv') return 'csv';
  throw DomainError.invalid('format', `must be one of [${Object.keys(FORMATS).join(', ')}]`);
}

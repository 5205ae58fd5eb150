import { ApiProperty } from '@nestjs/swagger';
import { MESSAGE_STATUSES, type MessageStatus } from '@sallyport/privileges';
import { Text } from '../validation/field.js';

const LEVELS = ['Information', 'Warning', 'Error', 'Critical'];
const CATEGORIES = ['Configuration', 'Connectivity', 'Version'];
const TEXT = 'The expression of the policy "Help Desk" failed: TypeError: not a function';

/** Request of `PUT /admin-messages/{id}` (appgate.md §6.4). */
export class MessageStatusFields {
  @Text({ required: true, description: 'The text the id stands for.', example: TEXT })
  message!: string;

  @Text({ required: true, oneOf: MESSAGE_STATUSES, example: 'Resolved' })
  status!: MessageStatus;
}

class Message {
  @ApiProperty({ enum: LEVELS, example: 'Error' })
  level!: string;

  @ApiProperty({ enum: CATEGORIES, example: 'Configuration' })
  category!: string;

  @ApiProperty({ example: TEXT })
  message!: string;

  @ApiProperty({ example: 'controller' })
  source!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;
}

export class AdminMessageAnswer extends Message {
  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  id!: string;
}

/** What an administrator has said about a message; `applied…` only once somebody has. */
export class MessageMetadataAnswer {
  @ApiProperty({ format: 'uuid', example: '3f2b7c1e-8d4a-4a6b-9c5d-0e1f2a3b4c5d' })
  id!: string;

  @ApiProperty({ example: TEXT })
  message!: string;

  @ApiProperty({ enum: MESSAGE_STATUSES, example: 'Unresolved' })
  status!: string;

  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  appliedAt?: string;

  @ApiProperty({ required: false, example: 'CN=admin,OU=local' })
  appliedBy?: string;

  @ApiProperty({ required: false, example: 'admin' })
  appliedByUsername?: string;

  @ApiProperty({ required: false, example: 'local' })
  appliedByProviderName?: string;

  @ApiProperty({ required: false, format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  appliedByDeviceId?: string;
}

export class MessageSummaryAnswer extends Message {
  @ApiProperty({ type: [String], example: ['controller'] })
  sources!: string[];

  @ApiProperty({ type: 'integer', example: 1 })
  count!: number;

  @ApiProperty({ type: MessageMetadataAnswer })
  metadata!: MessageMetadataAnswer;
}

export class AdminMessagesAnswer {
  @ApiProperty({ type: [AdminMessageAnswer] })
  data!: AdminMessageAnswer[];
}

export class MessageSummariesAnswer {
  @ApiProperty({ type: [MessageSummaryAnswer] })
  data!: MessageSummaryAnswer[];
}

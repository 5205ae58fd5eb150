import {
  type AdminMessage,
  MESSAGE_SOURCE,
  type MessageStanding,
  type MessageSummary,
} from '@sallyport/privileges';
import { wireTime } from '../wire/wire-time.js';
import type { AdminMessageAnswer, MessageMetadataAnswer, MessageSummaryAnswer } from './admin-message.dto.js';

export function adminMessageAnswer({
  id,
  level,
  category,
  message,
  source,
  createdAt,
}: AdminMessage): AdminMessageAnswer {
  return { id, level, category, message, source, created: wireTime(createdAt) };
}

/** `created` is the latest (appgate.md §6.4). */
export function messageSummaryAnswer(summary: MessageSummary): MessageSummaryAnswer {
  const { level, category, message, sources, createdAt, count, standing } = summary;
  return {
    level,
    category,
    message,
    source: sources[0] ?? MESSAGE_SOURCE,
    sources,
    created: wireTime(createdAt),
    count,
    metadata: messageMetadataAnswer(standing),
  };
}

/** `id`, `message` and `status` are always there. */
export function messageMetadataAnswer({
  id,
  message,
  status,
  appliedAt,
  appliedBy,
}: MessageStanding): MessageMetadataAnswer {
  if (appliedAt === null || appliedBy === null) return { id, message, status };
  return {
    id,
    message,
    status,
    appliedAt: wireTime(appliedAt),
    appliedBy: appliedBy.distinguishedName,
    appliedByUsername: appliedBy.username,
    appliedByProviderName: appliedBy.providerName,
    appliedByDeviceId: appliedBy.deviceId,
  };
}

import { Injectable } from '@nestjs/common';
import { AuditService, SERVER } from '@sallyport/audit';
import { Clock, Database } from '@sallyport/platform';
import { AdminMessagesService } from './admin-messages.service.js';

/** A failure is told of again after so long: an expression that fails does so at every request. */
const SILENCE_MS = 3_600_000;
const MOST_KNOWN = 10_000;
/** Different failures of one text that are told of; an expression may throw another one for every user. */
const MOST_OF_ONE = 20;

/** Tells administrators and the audit of a policy or script that failed (contract appgate.md §5.4, S52). */
@Injectable()
export class FailuresService {
  private readonly told = new Map<string, Map<string, number>>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: AuditService,
    private readonly messages: AdminMessagesService,
  ) {}

  async tell(
    kind: 'policy' | 'user-script',
    failed: { id?: string; name: string; expression: string },
    error: string,
  ): Promise<void> {
    if (!this.isNews(`${kind} ${failed.name} ${failed.expression}`, error)) return;
    await this.audit.record(this.database, SERVER, {
      action: kind === 'policy' ? 'policy.expression-failed' : 'script.failed',
      outcome: 'failure',
      object: { type: kind, id: failed.id ?? failed.name },
      detail: { name: failed.name, reason: error.slice(0, 500) },
    });
    const what = kind === 'policy' ? 'The expression of the policy' : 'The user script';
    const message = `${what} "${failed.name}" failed: ${error}`;
    await this.messages.raise(this.database, { level: 'Error', category: 'Configuration', message });
  }

  private isNews(text: string, error: string): boolean {
    const now = this.clock.now().getTime();
    const known = this.told.get(text) ?? new Map<string, number>();
    const last = known.get(error);
    if (last !== undefined && now - last < SILENCE_MS) return false;
    if (last === undefined && known.size >= MOST_OF_ONE) return false;
    if (this.told.size >= MOST_KNOWN) this.told.clear();
    this.told.set(text, known.set(error, now));
    return true;
  }
}

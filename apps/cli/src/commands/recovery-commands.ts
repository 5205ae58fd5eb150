import { Injectable } from '@nestjs/common';
import { type AuditVerdict, AuditVerifier, OPERATOR } from '@sallyport/audit';
import { AllTokensService, RestoreService } from '@sallyport/auth';
import { Database } from '@sallyport/platform';
import { newRootToken, TokensService } from '@sallyport/tokens';
import type { Answer } from '../console/terminal.js';
import { LostRowsService, toldOf } from './lost-rows.service.js';

/** What ends everything, and what begins again after it. */
@Injectable()
export class RecoveryCommands {
  constructor(
    private readonly database: Database,
    private readonly allTokens: AllTokensService,
    private readonly restore: RestoreService,
    private readonly tokens: TokensService,
    private readonly verifier: AuditVerifier,
    private readonly lostRows: LostRowsService,
  ) {}

  /** Everybody signs in anew; the root token of `/v1` ends too. */
  async revokeAll(): Promise<Answer> {
    await this.allTokens.revokeAll(OPERATOR);
    return {
      data: { revoked: 'all' },
      lines: [
        'Every token and unfinished sign-in has ended, the root token of /v1 too: `sallyport tokens issue-root` makes another.',
      ],
    };
  }

  /** A new root token of `/v1`, shown once; others of its kind stay. */
  async issueRoot(): Promise<Answer> {
    const { secret, token } = await this.database.transaction((tx) =>
      this.tokens.issue(tx, newRootToken(), OPERATOR),
    );
    return {
      data: { token: secret, accessor: token.accessor },
      lines: [`  ${secret}`, '', `It is shown this once, and has no end. Its accessor is ${token.accessor}.`],
    };
  }

  /** After a backup was put back (S95). */
  async afterRestore(): Promise<Answer> {
    // Looked at first: what is done now is written behind it.
    const verdict = await this.verifier.verify();
    const report = await this.restore.settle(OPERATOR, { auditRows: verdict.last });
    const lost = await this.lostRows.of(report.auditGap === null ? [] : [report.auditGap]);
    return {
      data: {
        ...report,
        audit: { last: verdict.last, problems: verdict.problems, lost: lost.rows, lostCount: lost.count },
      },
      lines: [
        'Every token and unfinished sign-in has ended, the root token of /v1 too.',
        `Codes up to now are spent for ${report.authenticators} authenticators; a new one counts from its owner's next period on.`,
        `Gone: ${report.unconfirmedSeeds} seeds nobody had confirmed, ${report.enrolmentWindows} reopened enrolment windows, ${report.activationCodes} activation codes.`,
        `New seals use data key ${report.dataKeyId}.`,
        ...aboutAudit(verdict),
        ...toldOf(lost),
        '',
        'Not in the backup, and therefore to be looked after by you: what administrators changed since it was made. People who were disabled,',
        'roles that were taken away and passwords that were changed after it are as they were before. The audit of that time says what to do again.',
      ],
    };
  }
}

function aboutAudit({ last, exportedCheckpoints, problems }: AuditVerdict): string[] {
  if (problems.length > 0)
    return [
      `The audit ends with row ${last} in this backup:`,
      ...problems.map(({ message }) => `  ${message}`),
    ];
  return exportedCheckpoints === 0
    ? [`The audit ends with row ${last}. No sink can be read here: whether there was more is not known.`]
    : [`The audit ends with row ${last}, and no exported checkpoint tells of more.`];
}

/** What is wrong with one row or checkpoint. */
export type AuditProblemKind =
  /** A row of the chain is not there. */
  | 'gone'
  /** A row is not what was written, or was not written by a server. */
  | 'altered'
  /** A row that no server signed. */
  | 'unsigned'
  /** A row does not follow on the one before it. */
  | 'chain-broken'
  /** A seal was not made by a server. */
  | 'seal-forged'
  /** A row that nobody is going to seal. */
  | 'unsealed'
  /** A checkpoint was not signed by a server. */
  | 'checkpoint-forged'
  /** The chain is another one than a checkpoint tells of. */
  | 'checkpoint-differs'
  /** The chain ends before a checkpoint. */
  | 'cut';

export interface AuditProblem {
  kind: AuditProblemKind;
  /** Of the row in the chain; null for a row outside it. */
  number: number | null;
  eventId: string | null;
  message: string;
}

export interface AuditVerdict {
  intact: boolean;
  /** First and last number that was looked at; 0 without any. */
  first: number;
  last: number;
  /** Of the last row, in hex. */
  headHash: string;
  /** Rows that wait for their seal. */
  unsealed: number;
  /** How many checkpoints were compared, of the database and of the sink. */
  checkpoints: number;
  exportedCheckpoints: number;
  /** Rows that are missing because a backup was put back, as the operator has said (S95). */
  gaps: { after: number; through: number }[];
  /** At most a hundred, in the order of their numbers; `problemCount` counts all. */
  problems: AuditProblem[];
  problemCount: number;
}

const SHOWN = 100;

/** Collects what is wrong: of one number the first thing only. */
export class Findings {
  readonly problems: AuditProblem[] = [];
  count = 0;
  private readonly numbers = new Set<number>();

  add(kind: AuditProblemKind, number: number | null, eventId: string | null, message: string): void {
    if (number !== null && this.numbers.has(number)) return;
    if (number !== null) this.numbers.add(number);
    this.count += 1;
    if (this.problems.length < SHOWN) this.problems.push({ kind, number, eventId, message });
  }
}

import { Injectable } from '@nestjs/common';

/** Whether this replica still wants requests (S90). */
@Injectable()
export class Readiness {
  private ending = false;

  /** False from the moment the replica was told to stop; `/readyz` says so. */
  get ready(): boolean {
    return !this.ending;
  }

  end(): void {
    this.ending = true;
  }
}

import { Injectable, type PipeTransform } from '@nestjs/common';
import { DomainError } from '@sallyport/platform';
import { UUID } from './field-rules.js';

/** `@Param('id', IdPipe) id: string`: an `{id}` that is no UUID names nothing (appgate.md §1.1). */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (!UUID.test(id)) throw new DomainError('not-found', 'no-uuid', 'The id is not a UUID.');
    return id.toLowerCase();
  }
}

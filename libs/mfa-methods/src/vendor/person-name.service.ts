import { Injectable } from '@nestjs/common';
import { IdentityFactsService, parseTemplate, resolveTemplate } from '@sallyport/identity';

/** Under which name a push service knows a person (contract vault.md §5.3). */
@Injectable()
export class PersonNameService {
  constructor(private readonly facts: IdentityFactsService) {}

  /**
   * @param usernameFormat a template that was checked when it was written; empty: the entity's name.
   * @returns null where the person has no such name.
   */
  async of(principalId: string, usernameFormat: string): Promise<string | null> {
    const facts = await this.facts.of(principalId);
    if (facts === null) return null;
    if (usernameFormat === '') return facts.name;
    return resolveTemplate(parseTemplate(usernameFormat), facts);
  }
}

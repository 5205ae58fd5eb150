import { type IdentityFacts, parseTemplate, resolveTemplate, TemplateError } from '@sallyport/identity';

/** Why a template of the account's name cannot be used (contract vault.md §5.4), or null. */
export function templateProblem(template: string): string | null {
  try {
    parseTemplate(template);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}

/** The template with its facts put in; null where one is missing or empty. */
export function renderTemplate(template: string, facts: IdentityFacts): string | null {
  return resolveTemplate(parseTemplate(template), facts);
}

import { type MethodSettings, type MfaMethodsService, templateProblem } from '@sallyport/mfa-methods';
import { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { isUuid } from '../wire/uuid.js';
import { multiError, refuse } from '../wire/vault-error.js';

/** Who is written: the path's id on a replacement, and the name. */
interface NamedMethod {
  method_id?: string;
  method_name?: string;
}

/** Creates a method, or replaces the one of that name (§5.1). */
export async function createMethod(
  methods: MfaMethodsService,
  { method_name }: NamedMethod,
  settings: MethodSettings,
  request: FastifyRequest,
): Promise<Answer> {
  return Answer.data({ method_id: await methods.create(method_name ?? '', settings, actorOf(request)) });
}

/** Replaces a method whole, but for a name that is not sent (§5.1). */
export async function replaceMethod(
  methods: MfaMethodsService,
  { method_id, method_name }: NamedMethod,
  settings: () => MethodSettings,
  request: FastifyRequest,
): Promise<void> {
  if (!isUuid(method_id)) throw refuse(404, multiError('unsupported path'));
  try {
    await methods.replace(method_id, method_name ?? null, settings(), actorOf(request));
  } catch (error) {
    // Upstream wraps this text here, and not on create (§5.1).
    if (!(error instanceof DomainError) || error.code !== 'method-name-taken') throw error;
    throw refuse(400, multiError(error.message));
  }
}

/** The template of a person's name at a push service; kept where none is sent (§5.1). Throws 400 for one that cannot be read. */
export function usernameFormatOf(format: string | undefined): { usernameFormat: string; kept: string[] } {
  if (format === undefined) return { usernameFormat: '', kept: ['usernameFormat'] };
  const problem = templateProblem(format);
  if (problem !== null) throw refuse(400, `username_format template is invalid: ${problem}`);
  return { usernameFormat: format, kept: [] };
}

/** Texts of the refusals that creating and replacing share. */
export const NAME_TAKEN = 'a login MFA method configuration with the method name work already exists';
export const VENDOR_RULES = [
  'username_format template is invalid: unknown template parameter',
  'method_name must be at most 255 characters',
  'invalid method_name',
];

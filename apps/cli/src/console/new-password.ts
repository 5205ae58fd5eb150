import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage-error.js';

export interface PasswordWish {
  /** Make a random one, shown once. */
  generate?: boolean;
  /** Its first line is the password; `-` is standard input. */
  passwordFile?: string;
}

/**
 * A new password, from anywhere but the command line, where every process of the machine could read it (S70).
 * @returns the password, and whether it was made here.
 * @throws UsageError where none was given.
 */
export async function newPassword(
  terminal: Terminal,
  { generate, passwordFile }: PasswordWish,
): Promise<{ password: string; generated: boolean }> {
  if (generate === true && passwordFile !== undefined)
    throw new UsageError('Give either --generate or --password-file, not both.');
  if (generate === true) return { password: randomBytes(18).toString('base64url'), generated: true };
  if (passwordFile !== undefined) return given(firstLine(await read(terminal, passwordFile)));
  if (terminal.input.isTTY !== true)
    throw new UsageError(
      'Say where the new password comes from: --generate, or --password-file FILE (- for standard input).',
    );
  const password = await ask(terminal, 'New password: ');
  if (password !== (await ask(terminal, 'The same again: ')))
    throw new UsageError('The two are not the same.');
  return given(password);
}

function given(password: string): { password: string; generated: boolean } {
  if (password === '') throw new UsageError('The password is empty.');
  return { password, generated: false };
}

async function read({ input }: Terminal, file: string): Promise<string> {
  if (file !== '-')
    return readFile(file, 'utf8').catch(() => {
      throw new UsageError('The password file cannot be read.');
    });
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function firstLine(text: string): string {
  return text.replace(/\r?\n$/, '');
}

/** What is typed is not shown. */
async function ask({ input, errors }: Terminal, question: string): Promise<string> {
  errors.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    errors.write('\n');
  }
}

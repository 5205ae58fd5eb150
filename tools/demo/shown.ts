import { styleText } from 'node:util';

const WIDTH = 100;

/** Colours where somebody looks at a terminal; `NO_COLOR` and pipes get plain text. */
function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function showTitle(text: string): void {
  process.stdout.write(
    `\n${paint(['bold', 'cyan'], `── ${text} `)}${paint('cyan', '─'.repeat(Math.max(0, WIDTH - 4 - text.length)))}\n`,
  );
}

/** What the next request is for. */
export function showStep(text: string): void {
  process.stdout.write(`\n${paint('bold', text)}\n`);
}

export function showRequest(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: unknown,
): void {
  process.stdout.write(`  ${paint(['bold', 'yellow'], method)} ${path}\n`);
  for (const [name, value] of Object.entries(headers))
    process.stdout.write(paint('gray', `  ${name}: ${shortened(name, value)}\n`));
  if (body !== undefined) process.stdout.write(`${indented(pretty(body))}\n`);
}

export function showAnswer(status: number, text: string, body: unknown): void {
  process.stdout.write(`  ${paint(['bold', status < 400 ? 'green' : 'red'], `← ${status}`)} ${text}\n`);
  if (body !== undefined) process.stdout.write(`${indented(pretty(body))}\n`);
}

/** JSON that stays on one line while it fits. Keys without a value are left out: the real answer has them all. */
export function pretty(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value, (key, part: unknown) =>
    typeof part === 'string' ? shortened(key, part) : part,
  );
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= WIDTH - 4)
    return spaced(flat);
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = Object.entries(value).map(([key, part]) => {
    const text = typeof part === 'string' ? JSON.stringify(shortened(key, part)) : pretty(part, deeper);
    return `${deeper}${Array.isArray(value) ? '' : `"${key}": `}${text}`;
  });
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** Secrets by their first characters, pictures by their size. */
function shortened(name: string, value: string): string {
  if (name === 'barcode') return `(picture, ${value.length} characters of base64)`;
  const plain = value.replace(/(secret=[A-Z2-7]{4})[A-Z2-7]+/, '$1…');
  if (plain !== value) return plain;
  if (/^authorization$/i.test(name)) return value.replace(/^(Bearer .{6}).*/, '$1…');
  const isSecret =
    /^(password|secret|token|client_token|mfa_request_id|x-vault-token)$/i.test(name) ||
    value.startsWith('hvs.');
  return isSecret ? `${value.slice(0, 8)}…` : value;
}

function spaced(flat: string): string {
  return flat.replaceAll(
    /("(?:[^"\\]|\\.)*")|([:,])/g,
    (_all, text: string | undefined, mark: string) => text ?? `${mark} `,
  );
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

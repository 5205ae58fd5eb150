import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');
/** So long is what meets an expression here. */
export const LENGTH = 100_000;

export interface WrittenExpression {
  /** `file: /expression/flags`. */
  name: string;
  expression: RegExp;
}

/** Every regular expression of the server's code, and every place that makes one from text. */
export function expressionsInCode(): { written: WrittenExpression[]; made: string[] } {
  const written: WrittenExpression[] = [];
  const made: string[] = [];
  const files = globSync('{apps/server,libs}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !file.endsWith('.spec.ts'),
  );
  for (const file of files.toSorted()) {
    const look = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const [, pattern, flags] = /^\/(.*)\/([a-z]*)$/s.exec(node.getText())!;
        // A lexer asks only at the place it has come to.
        const asked = file.endsWith('-lexer.ts') ? `${flags}y` : flags;
        written.push({ name: `${file}: ${node.getText()}`, expression: new RegExp(pattern!, asked) });
      }
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp')
        made.push(`${file}: ${node.getText()}`);
      ts.forEachChild(node, look);
    };
    look(ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true));
  }
  return { written, made };
}

/** Pieces of which the worst texts for such expressions are made. */
const PIECES = [
  'a', 'A', '0', '1', ' ', '\t', '\n', '\r\n', '/', '\\', '"', "'", '.', ',', '-', '_', '*', '+', '=', '(', '[', '{', '{{', '{{}}', '/*', '/* *', '<<a\n',
  'a.', 'a-', 'a ', '1.', '1m', '1m1', '0x', '\\u', '\\"', 'a:', ' a', '://', '//', '](', 'insert ', 'from ', 'ü', '😀', '\u0301', '\u0000', '\ud800',
]; // prettier-ignore

/** What an expression may want to see before it goes on, with what it may then stumble over. */
const EDGES = [
  'https://a',
  'identity.entity.aliases.a.',
  'identity.groups.names.',
  'filterBy[',
  'map[',
  'bearer ',
  '<<a\n',
  'GET /',
  'sys/auth/a/',
  'auth/',
];
const BODIES = ['a', ' ', '/', '.', '0', '-'];

/** Texts of 100 KB on which an expression that backtracks without bound would show. */
export function worstTexts(): string[] {
  const long = (piece: string) => piece.repeat(Math.ceil(LENGTH / piece.length));
  return [
    ...PIECES.flatMap((piece) => [`${long(piece)}!`, `a${long(piece)}a`]),
    ...EDGES.flatMap((edge) => BODIES.map((piece) => `${edge}${long(piece)}!`)),
  ];
}

/** Milliseconds of this process' CPU to go through a text as the code would: all matches of a global expression, the first of another. */
export function cost(expression: RegExp, text: string): number {
  const before = process.cpuUsage();
  expression.lastIndex = 0;
  if (expression.global) text.replace(expression, '');
  else expression.test(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

import { createToken, type IToken, Lexer, type TokenType } from 'chevrotain';
import { heredocAt } from './heredoc.js';
import { PolicyTextError, type TextPosition } from './policy-text-error.js';

/** No policy is nested deeper (S81). */
const MOST_DEPTH = 16;

const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /[ \t\r\n\uFEFF]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
const LineComment = createToken({ name: 'LineComment', pattern: /(?:#|\/\/)[^\n]*/, group: Lexer.SKIPPED });
const BlockComment = createToken({
  name: 'BlockComment',
  pattern: /\/\*[^]*?\*\//,
  group: Lexer.SKIPPED,
  line_breaks: true,
});

export const LeftBrace = createToken({ name: 'LeftBrace', pattern: '{', label: "'{'" });
export const RightBrace = createToken({ name: 'RightBrace', pattern: '}', label: "'}'" });
export const LeftBracket = createToken({ name: 'LeftBracket', pattern: '[', label: "'['" });
export const RightBracket = createToken({ name: 'RightBracket', pattern: ']', label: "']'" });
export const Comma = createToken({ name: 'Comma', pattern: ',', label: "','" });
export const Assign = createToken({ name: 'Assign', pattern: '=', label: "'='" });
export const Colon = createToken({ name: 'Colon', pattern: ':', label: "':'" });

export const HclText = createToken({
  name: 'HclText',
  pattern:
    /"(?:[^"\\\u0000-\u001f]|\\(?:[abfnrtv"\\]|[0-7]{3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}))*"/,
  label: 'a string',
});
export const Heredoc = createToken({
  name: 'Heredoc',
  pattern: heredocAt,
  start_chars_hint: ['<'],
  line_breaks: true,
  label: 'a heredoc',
});
export const JsonText = createToken({
  name: 'JsonText',
  pattern: /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/,
  label: 'a string',
});
export const Identifier = createToken({
  name: 'Identifier',
  pattern: /[A-Za-z_][\w.-]*/,
  label: 'a name',
});
export const True = createToken({ name: 'True', pattern: 'true', longer_alt: Identifier, label: 'true' });
export const False = createToken({ name: 'False', pattern: 'false', longer_alt: Identifier, label: 'false' });
export const Null = createToken({ name: 'Null', pattern: 'null', longer_alt: Identifier, label: 'null' });
export const NumberText = createToken({
  name: 'Number',
  pattern: /-?(?:0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/,
  label: 'a number',
});
export const JsonNumber = createToken({
  name: 'JsonNumber',
  pattern: /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/,
  label: 'a number',
});

const SIGNS = [LeftBrace, RightBrace, LeftBracket, RightBracket, Comma];

export const HCL_TOKENS: TokenType[] = [
  WhiteSpace,
  LineComment,
  BlockComment,
  ...SIGNS,
  Assign,
  HclText,
  Heredoc,
  NumberText,
  True,
  False,
  Identifier,
];
export const JSON_TOKENS: TokenType[] = [
  WhiteSpace,
  ...SIGNS,
  Colon,
  JsonText,
  JsonNumber,
  True,
  False,
  Null,
  Identifier,
];

// It stops at the first mistake: to look on behind each would cost by the square of the text (S86).
const OPTIONS = { ensureOptimizations: false, positionTracking: 'full', recoveryEnabled: false } as const;
const HCL_LEXER = new Lexer(HCL_TOKENS, OPTIONS);
const JSON_LEXER = new Lexer(JSON_TOKENS, OPTIONS);

/**
 * Cuts a policy's text into tokens; a text that begins with `{` is JSON, as upstream tells them apart.
 * @throws PolicyTextError at the first character that begins nothing, or where it is nested too deep.
 */
export function readTokens(text: string): { language: 'hcl' | 'json'; tokens: IToken[] } {
  const language = /^[ \t\r\n\uFEFF]*\{/.test(text) ? 'json' : 'hcl';
  const { tokens, errors } = (language === 'json' ? JSON_LEXER : HCL_LEXER).tokenize(text);
  const [error] = errors;
  if (error) throw new PolicyTextError(position(error.line, error.column), whyNoToken(text, error.offset));
  mustNotBeDeep(tokens);
  return { language, tokens };
}

export function positionOf(token: IToken): TextPosition {
  return position(token.startLine, token.startColumn);
}

function position(line = 1, column = 1): TextPosition {
  return { line: Number.isNaN(line) ? 1 : line, column: Number.isNaN(column) ? 1 : column };
}

function whyNoToken(text: string, offset: number): string {
  if (text[offset] === '"') return 'string not terminated, or with an unknown escape';
  if (text.startsWith('/*', offset)) return 'comment not terminated';
  if (text.startsWith('<<', offset)) return 'heredoc not terminated';
  return 'illegal character';
}

function mustNotBeDeep(tokens: readonly IToken[]): void {
  let depth = 0;
  for (const token of tokens) {
    if (token.tokenType === LeftBrace || token.tokenType === LeftBracket) depth += 1;
    if (token.tokenType === RightBrace || token.tokenType === RightBracket) depth -= 1;
    if (depth > MOST_DEPTH) throw new PolicyTextError(positionOf(token), 'nested too deep');
  }
}

import { EmbeddedActionsParser, type IToken, type TokenType } from 'chevrotain';
import { heredocText } from './heredoc.js';
import {
  Assign,
  Colon,
  Comma,
  False,
  HCL_TOKENS,
  HclText,
  Heredoc,
  Identifier,
  JSON_TOKENS,
  JsonNumber,
  JsonText,
  LeftBrace,
  LeftBracket,
  Null,
  NumberText,
  positionOf,
  readTokens,
  RightBrace,
  RightBracket,
  True,
} from './policy-lexer.js';
import type { PolicyKey, PolicyMember, PolicyNode } from './policy-node.js';
import { PolicyTextError, type TextPosition } from './policy-text-error.js';

/**
 * Reads a policy's text, HCL1 or the same as JSON.
 * @throws PolicyTextError with line and column of the first mistake.
 */
export function parsePolicyText(text: string): PolicyNode {
  const { language, tokens } = readTokens(text);
  const grammar = language === 'json' ? JSON_GRAMMAR : HCL_GRAMMAR;
  grammar.input = tokens;
  const read = grammar.document();
  const [error] = grammar.errors;
  if (error) throw new PolicyTextError(placeOf(error.token, text), error.message);
  return read;
}

/** The end of the text is no token; it stands behind its last character. */
function placeOf(token: IToken, text: string): TextPosition {
  if ((token.startLine ?? -1) > 0) return positionOf(token);
  const lines = text.split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

const OPTIONS = {
  errorMessageProvider: {
    buildMismatchTokenMessage: ({ expected, actual }: { expected: TokenType; actual: IToken }) =>
      `expected ${expected.LABEL ?? expected.name}, found ${shown(actual)}`,
    buildNotAllInputParsedMessage: ({ firstRedundant }: { firstRedundant: IToken }) =>
      `unexpected ${shown(firstRedundant)}`,
    buildNoViableAltMessage: ({ actual }: { actual: IToken[] }) => `unexpected ${shown(actual[0])}`,
    buildEarlyExitMessage: ({ actual }: { actual: IToken[] }) => `unexpected ${shown(actual[0])}`,
  },
};

function shown(token: IToken | undefined): string {
  if (token === undefined || token.image === '') return 'the end of the text';
  const [line = ''] = token.image.split('\n');
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}

function scalar(token: IToken, value: string | number | boolean | null): PolicyNode {
  return { kind: 'scalar', value, at: positionOf(token) };
}

/** HCL1: members one after the other, keys as names or strings, blocks with or without `=`, lists with a last comma if wanted. */
class HclGrammar extends EmbeddedActionsParser {
  constructor() {
    super(HCL_TOKENS, OPTIONS);
    this.performSelfAnalysis();
  }

  readonly document = this.RULE('document', (): PolicyNode => {
    const members: PolicyMember[] = [];
    this.MANY(() => members.push(this.SUBRULE(this.member)));
    return { kind: 'object', members, at: { line: 1, column: 1 } };
  });

  private readonly member = this.RULE('member', (): PolicyMember => {
    const keys: PolicyKey[] = [];
    this.AT_LEAST_ONE(() => keys.push(this.SUBRULE(this.key)));
    const value = this.OR([
      { ALT: () => this.SUBRULE(this.object) },
      {
        ALT: () => {
          this.CONSUME(Assign);
          return this.SUBRULE(this.value);
        },
      },
    ]);
    this.OPTION(() => this.CONSUME(Comma));
    return { keys, value };
  });

  private readonly key = this.RULE('key', (): PolicyKey =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(Identifier);
          return this.ACTION(() => ({ text: token.image, at: positionOf(token) }));
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(HclText);
          return this.ACTION(() => ({ text: unquote(token), at: positionOf(token) }));
        },
      },
    ]),
  );

  private readonly value = this.RULE('value', (): PolicyNode =>
    this.OR([
      { ALT: () => this.SUBRULE(this.object) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.scalar) },
    ]),
  );

  private readonly scalar = this.RULE('scalar', (): PolicyNode =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(HclText);
          return this.ACTION(() => scalar(token, unquote(token)));
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(Heredoc);
          return this.ACTION(() => scalar(token, heredocText(token.image)));
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(NumberText);
          return this.ACTION(() => scalar(token, numberOf(token.image)));
        },
      },
      { ALT: () => scalar(this.CONSUME(True), true) },
      { ALT: () => scalar(this.CONSUME(False), false) },
    ]),
  );

  private readonly list = this.RULE('list', (): PolicyNode => {
    const opening = this.CONSUME(LeftBracket);
    const items: PolicyNode[] = [];
    this.OPTION(() => {
      items.push(this.SUBRULE(this.value));
      this.MANY({
        // A comma may stand before the closing bracket too.
        GATE: () => this.LA(2).tokenType !== RightBracket,
        DEF: () => {
          this.CONSUME(Comma);
          items.push(this.SUBRULE2(this.value));
        },
      });
      this.OPTION2(() => this.CONSUME2(Comma));
    });
    this.CONSUME(RightBracket);
    return { kind: 'list', items, at: positionOf(opening) };
  });

  private readonly object = this.RULE('object', (): PolicyNode => {
    const opening = this.CONSUME(LeftBrace);
    const members: PolicyMember[] = [];
    this.MANY(() => members.push(this.SUBRULE(this.member)));
    this.CONSUME(RightBrace);
    return { kind: 'object', members, at: positionOf(opening) };
  });
}

/** JSON as RFC 8259 has it. Read here and not by `JSON.parse`, which says no positions and keeps one of two equal keys. */
class JsonGrammar extends EmbeddedActionsParser {
  constructor() {
    super(JSON_TOKENS, OPTIONS);
    this.performSelfAnalysis();
  }

  readonly document = this.RULE('document', (): PolicyNode => this.SUBRULE(this.object));

  private readonly object = this.RULE('object', (): PolicyNode => {
    const opening = this.CONSUME(LeftBrace);
    const members: PolicyMember[] = [];
    this.MANY_SEP({ SEP: Comma, DEF: () => members.push(this.SUBRULE(this.member)) });
    this.CONSUME(RightBrace);
    return { kind: 'object', members, at: positionOf(opening) };
  });

  private readonly member = this.RULE('member', (): PolicyMember => {
    const key = this.CONSUME(JsonText);
    this.CONSUME(Colon);
    const value = this.SUBRULE(this.value);
    return this.ACTION(() => ({
      keys: [{ text: JSON.parse(key.image) as string, at: positionOf(key) }],
      value,
    }));
  });

  private readonly list = this.RULE('list', (): PolicyNode => {
    const opening = this.CONSUME(LeftBracket);
    const items: PolicyNode[] = [];
    this.MANY_SEP({ SEP: Comma, DEF: () => items.push(this.SUBRULE(this.value)) });
    this.CONSUME(RightBracket);
    return { kind: 'list', items, at: positionOf(opening) };
  });

  private readonly value = this.RULE('value', (): PolicyNode =>
    this.OR([
      { ALT: () => this.SUBRULE(this.object) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.scalar) },
    ]),
  );

  private readonly scalar = this.RULE('scalar', (): PolicyNode =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(JsonText);
          return this.ACTION(() => scalar(token, JSON.parse(token.image) as string));
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(JsonNumber);
          return this.ACTION(() => scalar(token, Number(token.image)));
        },
      },
      { ALT: () => scalar(this.CONSUME(True), true) },
      { ALT: () => scalar(this.CONSUME(False), false) },
      { ALT: () => scalar(this.CONSUME(Null), null) },
    ]),
  );
}

const SHORT_ESCAPES: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text of an HCL string, its escapes replaced. */
function unquote(token: IToken): string {
  return token.image
    .slice(1, -1)
    .replace(/\\(?:([0-7]{3})|x(..)|u(.{4})|U(.{8})|(.))/gs, (_, octal, hex, short, long, sign: string) => {
      if (sign !== undefined) return SHORT_ESCAPES[sign] ?? sign;
      const point =
        octal === undefined ? Number.parseInt(hex ?? short ?? long, 16) : Number.parseInt(octal, 8);
      if (point > 0x10ffff) throw new PolicyTextError(positionOf(token), 'escape of no character');
      return String.fromCodePoint(point);
    });
}

function numberOf(image: string): number {
  const negative = image.startsWith('-');
  const size = Number(negative ? image.slice(1) : image);
  return negative ? -size : size;
}

const HCL_GRAMMAR = new HclGrammar();
const JSON_GRAMMAR = new JsonGrammar();

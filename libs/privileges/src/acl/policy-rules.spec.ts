import { describe, expect, it } from 'vitest';
import { DENY, namesIn, NOTHING } from './capability.js';
import { readPolicy } from './policy-rules.js';

const words = (text: string) =>
  readPolicy(text).map(({ path, capabilities }) => [path, namesIn(capabilities)]);

function why(text: string): string {
  try {
    readPolicy(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
}

describe('readPolicy', () => {
  it.each([
    ['', []],
    ['# nothing but comments\n// and\n/* and\n */', []],
    ['name = "x"', []],
    ['path "a" { capabilities = ["read"] }', [['a', ['read']]]],
    ['path "/a" { capabilities = ["read",] }', [['a', ['read']]]],
    ['path "a" { capabilities = ["read", "list"] comment = "why" }', [['a', ['list', 'read']]]],
    [
      'path "a" { capabilities = [] }\npath "b" {}',
      [
        ['a', []],
        ['b', []],
      ],
    ],
    ['path "a\\"\\u0062\\x63\\t" {}', [['a"bc\t', []]]],
    ['path a { policy = "read" }', [['a', ['list', 'read']]]],
    ['path "a" { policy = "write" }', [['a', ['create', 'delete', 'list', 'read', 'update']]]],
    ['path "a" { policy = "sudo" }', [['a', ['create', 'delete', 'list', 'read', 'sudo', 'update']]]],
    [
      'path = { "a" = { capabilities = ["patch"] }, "b" { policy = "read" } }',
      [
        ['a', ['patch']],
        ['b', ['list', 'read']],
      ],
    ],
    ['path "a" { comment = <<EOT\nlines\n  of it\nEOT\n capabilities = ["sudo"] }', [['a', ['sudo']]]],
    [
      '{"path": {"a": {"capabilities": ["read"]}, "b": {"policy": "read"}}}',
      [
        ['a', ['read']],
        ['b', ['list', 'read']],
      ],
    ],
    [
      ' {"name": "n", "path": [{"a": {"capabilities": ["read"]}}, {"a": [{"capabilities": ["list"]}]}]}',
      [
        ['a', ['read']],
        ['a', ['list']],
      ],
    ],
    ['path "a" { capabilities = ["subscribe", "recover", "scan"] }', [['a', []]]],
  ])('reads %j', (text, rules) => {
    expect(words(text)).toEqual(rules);
  });

  it('lets a deny stand alone', () => {
    expect(readPolicy('path "a" { capabilities = ["read", "deny", "list"] }')[0]?.capabilities).toBe(DENY);
    expect(readPolicy('path "a" { policy = "deny" }')[0]?.capabilities).toBe(DENY);
  });

  it('reads parameters with lower-cased names, lists of any scalar, and blocks without any', () => {
    const [rule] = readPolicy(`path "a" {
      allowed_parameters = { "Foo" = ["a*", 1, true], bar = [] }
      denied_parameters { baz = [] }
      required_parameters = ["Foo"]
    }`);
    expect(rule?.parameters).toEqual({
      allowed: new Map<string, unknown>([
        ['foo', ['a*', 1, true]],
        ['bar', []],
      ]),
      denied: new Map([['baz', []]]),
      required: ['foo'],
    });
    expect(readPolicy('path "a" { allowed_parameters = {} }')[0]?.parameters).toBeNull();
  });

  it('reads an end, and whether an answer would have to be wrapped', () => {
    const [rule] = readPolicy(
      'path "a" { expiration = "2026-11-22T10:00:00Z" min_wrapping_ttl = "1m" max_wrapping_ttl = 90 }',
    );
    expect(rule).toMatchObject({
      expiresAt: new Date('2026-11-22T10:00:00Z'),
      wrapped: true,
      capabilities: NOTHING,
    });
  });

  it('keeps a template apart from the paths that are known already', () => {
    const [rule] = readPolicy('path "a/{{identity.entity.id}}/+" {}');
    expect(rule).toMatchObject({ path: 'a/{{identity.entity.id}}/+', pattern: null });
  });

  it.each([
    ['path "a" { capabilities = ["read"]', "At 1:35: expected '}', found the end of the text"],
    ['path "a" {\n  capabilties = ["read"]\n}', 'At 2:3: path "a": invalid key "capabilties"'],
    ['path "a" {\n  mfa_methods = ["x"]\n}', 'At 2:3: path "a": invalid key "mfa_methods"'],
    ['path "a" { control_group = {} }', 'At 1:12: path "a": invalid key "control_group"'],
    ['rules "a" {}', 'At 1:1: invalid key "rules"'],
    ['{"path": {"a": {"__proto__": 1}}}', 'At 1:17: path "a": invalid key "__proto__"'],
    ['{"path": {"a": {}},}', 'At 1:20: expected a string, found }'],
    ['path "a" {\n capabilities = ["raed"] }', 'At 2:18: path "a": invalid capability \'raed\''],
    ['path "a" { policy = "all" }', 'At 1:21: path "a": invalid policy \'all\''],
    ['path "a/+*" {}', 'At 1:6: path "a/+*": invalid use of wildcards (\'+*\' is forbidden)'],
    [
      'path "a/{{identity.entity.id" {}',
      'At 1:6: path "a/{{identity.entity.id": unbalanced templating characters',
    ],
    ['path "a/}}" {}', 'At 1:6: path "a/}}": unbalanced templating characters'],
    ['path "a/{{entity.id}}" {}', 'At 1:6: path "a/{{entity.id}}": unknown template parameter'],
    ['path "a" { capabilities = "read" }', 'At 1:27: capabilities must be a list of strings'],
    ['path "a" { capabilities = [1] }', 'At 1:28: each of capabilities must be a string'],
    [
      'path "a" { capabilities = ["read"] capabilities = ["list"] }',
      'At 1:36: path "a": capabilities is given twice',
    ],
    ['path "a" { expiration = "tomorrow" }', 'At 1:25: expiration must be a time as RFC 3339 writes it'],
    [
      'path "a" { min_wrapping_ttl = "2m" max_wrapping_ttl = "1m" }',
      'At 1:6: path "a": max_wrapping_ttl cannot be less than min_wrapping_ttl',
    ],
    ['path "a" "b" {}', 'At 1:10: a path has one name'],
    ['path = "a"', 'At 1:8: expected a block'],
    ['path "a" { allowed_parameters = { x = "y" } }', 'At 1:39: x must be a list'],
    ['path "a', 'At 1:6: string not terminated, or with an unknown escape'],
    ['path "a" { comment = "\\q" }', 'At 1:22: string not terminated, or with an unknown escape'],
    ['/* path', 'At 1:1: comment not terminated'],
    ['path "a" { comment = <<EOT\nx }', 'At 1:22: heredoc not terminated'],
    ['path "a" § {}', 'At 1:10: illegal character'],
    ['path "a" {} }', 'At 1:13: unexpected }'],
    [`path "a" { comment = ${'['.repeat(40)} }`, 'At 1:37: nested too deep'],
    [`{"path": ${'{"a":'.repeat(40)}`, 'At 1:85: nested too deep'],
    ['path "a" { comment = "\0" }', 'At 1:1: the text holds a character that cannot be kept'],
  ])('says where %j is wrong', (text, message) => {
    expect(why(text)).toBe(message);
  });

  it.each([
    '<<A\n',
    'path "a" { comment = <<A\n',
    '/*',
    '"',
    '"\\\\',
    '§',
    '[',
    'a ',
    '1',
    'path "a" { max_wrapping_ttl = "1.',
    '\\"',
  ])('S86 refuses the worst text made of %j without going over it again and again', (piece) => {
    const start = process.cpuUsage();
    expect(why(piece.repeat(Math.floor(262_144 / piece.length)))).toContain('At 1:');
    const { user } = process.cpuUsage(start);
    expect(user / 1_000).toBeLessThan(1_000);
  });

  it('S86 refuses a duration of 100 000 digits at once', () => {
    const start = process.cpuUsage();
    expect(why(`path "a" { max_wrapping_ttl = "${'1'.repeat(100_000)}x" }`)).toContain('must be a duration');
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(200);
  });

  it('S81 bounds the text, the number of paths and their length', () => {
    expect(why('#'.repeat(262_145))).toBe('At 1:1: the text is too long');
    expect(why('path "a" {}\n'.repeat(2_001))).toBe('At 1:1: more than 2000 paths');
    expect(why(`path "${'a'.repeat(1_025)}" {}`)).toBe('At 1:6: a path is too long');
  });
});

import { describe, expect, it } from 'vitest';
import type { IdentityFacts } from './identity-facts.js';
import { resolveTemplate } from './resolve-template.js';
import { isPlain, parseTemplate, TemplateError } from './template.js';

const facts: IdentityFacts = {
  id: 'e1',
  name: 'Alice',
  metadata: { team: 'ops', 'a.b': 'dotted', none: '', wild: 'a*' },
  aliases: {
    auth_userpass_1: { id: 'a1', name: 'alice', metadata: {}, customMetadata: { room: '7' } },
  },
  groups: [{ id: 'g1', name: 'Night Watch', metadata: { post: 'wall' } }],
};

describe('templates', () => {
  it.each([
    ['plain/{text}', 'plain/{text}'],
    ['{{identity.entity.id}}', 'e1'],
    ['a/{{ identity.entity.name }}/{{identity.entity.metadata.team}}/b', 'a/Alice/ops/b'],
    ['{{identity.entity.metadata.a.b}}', 'dotted'],
    ['{{identity.entity.aliases.auth_userpass_1.id}}', 'a1'],
    ['{{identity.entity.aliases.auth_userpass_1.name}}', 'alice'],
    ['{{identity.entity.aliases.auth_userpass_1.custom_metadata.room}}', '7'],
    ['{{identity.groups.ids.g1.name}}', 'Night Watch'],
    ['{{identity.groups.ids.g1.metadata.post}}', 'wall'],
    ['{{identity.groups.names.night watch.id}}', 'g1'],
    ['{{identity.groups.names.Night Watch.metadata.post}}', 'wall'],
  ])('fills in %s as %s', (text, expected) => {
    expect(resolveTemplate(parseTemplate(text), facts)).toBe(expected);
  });

  it.each([
    '',
    '{{identity.entity.metadata.unknown}}',
    '{{identity.entity.metadata.none}}',
    '{{identity.entity.metadata.constructor}}',
    '{{identity.entity.metadata.__proto__}}',
    '{{identity.entity.aliases.constructor.name}}',
    '{{identity.entity.aliases.other.name}}',
    '{{identity.entity.aliases.auth_userpass_1.metadata.room}}',
    '{{identity.groups.ids.g2.name}}',
    '{{identity.groups.names.other.id}}',
  ])('does not resolve %s', (text) => {
    expect(resolveTemplate(parseTemplate(text), facts)).toBeNull();
  });

  it('does not resolve the name of a person nobody has seen', () => {
    expect(resolveTemplate(parseTemplate('{{identity.entity.name}}'), { ...facts, name: null })).toBeNull();
  });

  it('lets whoever asks refuse a value, not the text around it', () => {
    const accepts = (value: string) => !/[*+/]/.test(value);
    const resolve = (text: string) => resolveTemplate(parseTemplate(text), facts, accepts);
    expect(resolve('a/+/{{identity.entity.metadata.team}}/*')).toBe('a/+/ops/*');
    expect(resolve('a/{{identity.entity.metadata.wild}}')).toBeNull();
  });

  it.each([
    ['{{identity.entity.name', 0],
    ['ab{{identity.entity.id', 2],
    ['a}}b', 1],
    ['{{identity.entity.id}}}}', 22],
    ['{{ {{identity.entity.id}} }}', 0],
    ['{{{identity.entity.id}}}', 0],
    ['{{identity.entity.id}{}}', 0],
  ])('refuses unbalanced braces in %s and says where', (text, position) => {
    expect(problemOf(text)).toMatchObject({
      code: 'unbalanced',
      message: 'unbalanced templating characters',
      position,
    });
  });

  it.each([
    'x{{}}',
    'x{{ }}',
    'x{{identity}}',
    'x{{identity.entity}}',
    'x{{identity.entity.password}}',
    'x{{identity.entity.metadata}}',
    'x{{identity.entity.metadata.}}',
    'x{{identity.entity.metadata.a b}}',
    'x{{identity.entity.custom_metadata.a}}',
    'x{{identity.entity.aliases.a}}',
    'x{{identity.entity.aliases.a.metadata}}',
    'x{{identity.entity.id.x}}',
    'x{{identity.groups.ids.g1}}',
    'x{{identity.groups.ids.g1.id}}',
    'x{{identity.groups.names.g1.name}}',
    'x{{identity.groups.ids.g1.custom_metadata.a}}',
    'x{{identity.groups.others.g1.name}}',
    'x{{Identity.entity.id}}',
    'x{{time.now}}',
  ])('refuses a parameter it does not know in %s and says where', (text) => {
    expect(problemOf(text)).toMatchObject({
      code: 'unknown-parameter',
      message: 'unknown template parameter',
      position: 1,
    });
  });

  it('knows a text with nothing to fill in', () => {
    expect(isPlain(parseTemplate('a/{b}/c'))).toBe(true);
    expect(isPlain(parseTemplate('a/{{identity.entity.id}}'))).toBe(false);
  });
});

function problemOf(text: string): TemplateError {
  try {
    parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError) return error;
  }
  throw new Error(`${text} was taken`);
}

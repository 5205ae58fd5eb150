import { describe, expect, it } from 'vitest';
import { renderTemplate, templateProblem } from './account-name.js';

const facts = {
  id: 'e1',
  name: 'Alice',
  metadata: { team: 'ops' },
  aliases: { auth_userpass_1: { id: 'a1', name: 'alice', metadata: {}, customMetadata: { room: '7' } } },
  groups: [],
};

describe('templates of the account name', () => {
  it.each([
    ['{{identity.entity.name}}', 'Alice'],
    ['{{ identity.entity.id }}@{{identity.entity.metadata.team}}', 'e1@ops'],
    ['{{identity.entity.aliases.auth_userpass_1.name}}', 'alice'],
    ['{{identity.entity.aliases.auth_userpass_1.custom_metadata.room}}', '7'],
    ['{{identity.entity.metadata.none}}', null],
    ['{{identity.entity.aliases.other.name}}', null],
  ])('renders %s as %s', (template, expected) => {
    expect(templateProblem(template)).toBeNull();
    expect(renderTemplate(template, facts)).toBe(expected);
  });

  it.each(['{{identity.entity.name', 'a}}b', '{{ {{identity.entity.id}} }}'])(
    'refuses unbalanced braces in %s',
    (template) => {
      expect(templateProblem(template)).toBe('unbalanced templating characters');
    },
  );

  it('refuses a parameter it does not know', () => {
    expect(templateProblem('{{identity.entity.password}}')).toBe('unknown template parameter');
  });
});

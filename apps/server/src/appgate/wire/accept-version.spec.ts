import { DomainError } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { acceptedVersion, notAcceptableMessage } from './accept-version.js';

describe('acceptedVersion', () => {
  it.each([17, 18, 19, 20, 21, 22, 23])('accepts version %i', (version) => {
    expect(acceptedVersion(`application/vnd.appgate.peer-v${version}+json`)).toBe(version);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/json',
    'application/*',
    'application/vnd.appgate.peer-v5+json',
    'application/vnd.appgate.peer-v16+json',
    'application/vnd.appgate.peer-v24+json',
    'application/vnd.appgate.peer-v023+json',
    'application/vnd.appgate.peer-v23',
    'application/vnd.appgate.peer-v23+text',
    'xapplication/vnd.appgate.peer-v23+json',
    'application/vnd.appgate.peer-v23+jsonx',
  ])('refuses %s', (header) => {
    expect(() => acceptedVersion(header)).toThrow(DomainError);
  });

  it('needs one acceptable element of a list and ignores parameters', () => {
    expect(acceptedVersion('*/*, application/vnd.appgate.peer-v19+json;q=0.2')).toBe(19);
    expect(
      acceptedVersion('application/vnd.appgate.peer-v99+json,application/vnd.appgate.peer-v17+json'),
    ).toBe(17);
  });

  it('takes the highest of several acceptable elements', () => {
    expect(
      acceptedVersion('application/vnd.appgate.peer-v18+json, application/vnd.appgate.peer-v21+json'),
    ).toBe(21);
  });
});

describe('notAcceptableMessage', () => {
  const lead = "Invalid 'Accept' header. Current version: application/vnd.appgate.peer-v23+json, Received: ";

  it('repeats the header as sent', () => {
    expect(notAcceptableMessage('application/vnd.appgate.peer-v5+json')).toBe(
      `${lead}application/vnd.appgate.peer-v5+json`,
    );
  });

  it('says none without a header', () => {
    expect(notAcceptableMessage(undefined)).toBe(`${lead}none`);
  });

  it('cuts the header to 200 printable characters', () => {
    expect(notAcceptableMessage('\u0001ä' + 'a'.repeat(300))).toBe(lead + 'a'.repeat(200));
  });
});

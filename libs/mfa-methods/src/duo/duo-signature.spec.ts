import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { duoCanonical, duoDate, duoParameters, duoSignature } from './duo-signature.js';

/** The example of Duo's documentation ("Authentication" of its APIs). */
const EXAMPLE = {
  date: 'Tue, 21 Aug 2012 17:29:18 -0000',
  method: 'POST',
  host: 'api-XXXXXXXX.duosecurity.com',
  path: '/accounts/v1/account/list',
  parameters: { username: 'root', realname: 'First Last' },
} as const;
const SECRET_KEY = 'Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep';

/** The vector of Duo's own clients: names and values beyond ASCII. */
const CLIENTS = {
  date: 'Fri, 07 Dec 2012 17:18:00 -0000',
  method: 'POST',
  host: 'foO.BAr52.cOm',
  path: '/Foo/BaR2/qux',
  parameters: {
    '\u469a\u287b\u35d0\u8ef3\u6727\u502a\u0810\ud091\u00c8\uc170':
      '\u0f45\u1a76\u341a\u654c\uc23f\u9b09\uabe2\u8343\u1b27\u60d0',
    '\u7449\u7e4b\uccfb\u59ff\ufe5f\u83b7\uadcc\u900c\ucfd1\u7813':
      '\u8db7\u5022\u92d3\u42ef\u207d\u8730\uacfe\u5617\u0946\u4e30',
    '\u7470\u9314\u901c\u9eae\u40d8\u4201\u82d8\u8c70\u1d31\ua042':
      '\u17d9\u0ba8\u9358\uaadf\ua42a\u48be\ufb96\u6fe9\ub7ff\u32f3',
    '\uc2c5\u2c1d\u2620\u3617\u96b3F\u8605\u20e8\uac21\u5934':
      '\ufba9\u41aa\ubd83\u840b\u2615\u3e6e\u652d\ua8b5\ud56bU',
  },
} as const;

describe('a request to Duo', () => {
  it('is signed over five lines, the host in lower case and the parameters sorted', () => {
    expect(duoCanonical(EXAMPLE)).toBe(
      'Tue, 21 Aug 2012 17:29:18 -0000\nPOST\napi-xxxxxxxx.duosecurity.com\n/accounts/v1/account/list\n' +
        'realname=First%20Last&username=root',
    );
  });

  it('has the lines of the documented example, whose SHA-1 signature is known', () => {
    expect(createHmac('sha1', SECRET_KEY).update(duoCanonical(EXAMPLE)).digest('hex')).toBe(
      '2d97d6166319781b5a3a07af39d366f491234edc',
    );
  });

  it("is signed as Duo's own clients sign", () => {
    expect(duoSignature(CLIENTS, 'gtdfxv9YgVBYcF6dl2Eq17KUQJN2PLM2ODVTkvoT')).toBe(
      '0508065035a03b2a1de2f453e629e791d180329e157f65df6b3e0f08299d4321' +
        'e1c5c7a7c7ee6b9e5fc80d1fb6fbf3ad5eb7c44dd3b3985a02c37aca53ec3698',
    );
  });

  it('encodes everything but unreserved characters, in upper-case hexadecimal', () => {
    expect(duoParameters({ a: "!*'() ~-_.", 'b c': 'é&=' })).toBe(
      'a=%21%2A%27%28%29%20~-_.&b%20c=%C3%A9%26%3D',
    );
    expect(duoParameters({})).toBe('');
  });

  it('says its time as Duo does', () => {
    expect(duoDate(new Date('2012-08-21T17:29:18Z'))).toBe('Tue, 21 Aug 2012 17:29:18 -0000');
  });
});

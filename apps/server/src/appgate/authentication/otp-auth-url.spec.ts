import { expect, it } from 'vitest';
import { otpAuthUrl } from './otp-auth-url.js';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

it('names user, provider and host', () => {
  expect(
    otpAuthUrl(SECRET, { username: 'admin', providerName: 'local', host: 'sallyport.example.com' }),
  ).toBe(`otpauth://totp/admin@local@sallyport.example.com?secret=${SECRET}&issuer=Appgate%20SDP`);
});

it('percent-encodes the name parts except @', () => {
  expect(otpAuthUrl(SECRET, { username: 'jürgen o?&#@x.y', providerName: 'a b', host: 'h' })).toBe(
    `otpauth://totp/j%C3%BCrgen%20o%3F%26%23@x.y@a%20b@h?secret=${SECRET}&issuer=Appgate%20SDP`,
  );
});

it('stays within one QR code whatever the name', () => {
  const url = otpAuthUrl(SECRET, { username: '😀'.repeat(255), providerName: 'local', host: 'h' });
  expect(url.length).toBeLessThan(2_200);
  expect(() => new URL(url)).not.toThrow();
  expect(decodeURIComponent(url)).toContain('😀@local@h?');
});

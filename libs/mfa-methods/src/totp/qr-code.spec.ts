import { decode } from 'jpeg-js';
import { PNG } from 'pngjs';
import QRCode from 'qrcode';
import { describe, expect, it } from 'vitest';
import { qrJpeg, qrPng } from './qr-code.js';

const URL =
  'otpauth://totp/Sallyport:ann?algorithm=SHA1&digits=6&issuer=Sallyport&period=30&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const LONG = `otpauth://totp/${'x'.repeat(1_200)}`;

interface Image {
  width: number;
  height: number;
  data: Uint8Array;
}

/** The modules of a picture, read at the centre of each on a grid laid between the outermost dark pixels. */
function readModules(image: Image, size: number): string {
  const isDark = (x: number, y: number): boolean => image.data[(y * image.width + x) * 4]! < 128;
  const pixels = Array.from({ length: image.width * image.height }, (_, i) => i);
  const dark = pixels.filter((i) => isDark(i % image.width, Math.floor(i / image.width)));
  const columns = dark.map((i) => i % image.width);
  const left = columns.reduce((a, b) => Math.min(a, b));
  const right = columns.reduce((a, b) => Math.max(a, b));
  const top = Math.floor(dark[0]! / image.width);
  const module = (right - left + 1) / size;
  expect(Number.isInteger(module)).toBe(true);
  expect(Math.min(left, top, image.width - 1 - right)).toBeGreaterThanOrEqual(4 * module);
  let read = '';
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = (n: number): number => Math.floor((n + 0.5) * module);
      read += isDark(left + at(x), top + at(y)) ? '1' : '0';
    }
  }
  return read;
}

function expectCode(image: Image, text: string): void {
  const { data, size } = QRCode.create(text, { errorCorrectionLevel: 'M' }).modules;
  expect(readModules(image, size)).toBe(Array.from(data).join(''));
}

describe('QR codes', () => {
  it.each([100, 200, 201, 499, 1000])('draws a PNG of exactly %i pixels that reads as the text', (pixels) => {
    const image = PNG.sync.read(qrPng(URL, pixels));
    expect([image.width, image.height]).toEqual([pixels, pixels]);
    expectCode(image, URL);
  });

  it('draws too small a PNG at one pixel a module and too large a one at 1000', () => {
    const { size } = QRCode.create(URL, { errorCorrectionLevel: 'M' }).modules;
    for (const pixels of [1, 20, size + 7]) {
      const image = PNG.sync.read(qrPng(URL, pixels));
      expect(image.width).toBe(size + 8);
      expectCode(image, URL);
    }
    expect(PNG.sync.read(qrPng(URL, 1001)).width).toBe(1000);
    expect(PNG.sync.read(qrPng(URL, 2 ** 31)).width).toBe(1000);
  });

  it.each([URL, LONG])('draws a baseline JPEG that reads as the text %.30s', (text) => {
    const bytes = qrJpeg(text);
    expect(bytes.subarray(0, 2).toString('hex')).toBe('ffd8');
    expect(bytes.includes(Buffer.from('ffc0', 'hex'))).toBe(true);
    const image = decode(bytes, { useTArray: true });
    expect(image.width).toBe(image.height);
    expect(image.width).toBeGreaterThanOrEqual(256);
    expectCode(image, text);
  });

  it('draws a code of a text in any script', () => {
    const text = 'otpauth://totp/Zürich:山田?secret=JBSWY3DPEHPK3PXP';
    expectCode(PNG.sync.read(qrPng(text, 300)), text);
  });
});

import { encode } from 'jpeg-js';
import { PNG } from 'pngjs';
import QRCode from 'qrcode';

/** Modules of light border on each side (ISO/IEC 18004 §6.3.8). */
const QUIET_ZONE = 4;
const LARGEST_PNG = 1_000;
const SMALLEST_JPEG = 256;
const JPEG_QUALITY = 90;
const LIGHT = 0xff;
const DARK = 0x00;

interface Picture {
  /** Pixels on each side. */
  side: number;
  /** One byte a pixel, light or dark. */
  grey: Buffer;
}

/**
 * A PNG of the QR code of a text, exactly `pixels` square (vault.md §5.2 `qr_size`). A size too small for one pixel a module is drawn
 * at the smallest that has one, a size over 1000 at 1000.
 * @throws Error when the text is longer than a QR code holds (2 331 bytes)
 */
export function qrPng(text: string, pixels: number): Buffer {
  const { side, grey } = draw(text, () => Math.min(pixels, LARGEST_PNG));
  const image = new PNG({ width: side, height: side });
  image.data = grey;
  return PNG.sync.write(image, { colorType: 0, inputColorType: 0, inputHasAlpha: false, bitDepth: 8 });
}

/** A baseline JPEG of the QR code of a text, whole pixels a module and 256 pixels or a little more square (appgate.md §2.4 `barcode`). */
export function qrJpeg(text: string): Buffer {
  const { side, grey } = draw(text, (modules) => modules * Math.ceil(SMALLEST_JPEG / modules));
  const rgba = Buffer.alloc(side * side * 4, LIGHT);
  grey.forEach((shade, pixel) => rgba.fill(shade, pixel * 4, pixel * 4 + 3));
  return encode({ width: side, height: side, data: rgba }, JPEG_QUALITY).data;
}

/** Draws a code in the middle of a square; `sideFor` is told the modules a side has, the border included. */
function draw(text: string, sideFor: (modules: number) => number): Picture {
  const { data, size } = QRCode.create(text, { errorCorrectionLevel: 'M' }).modules;
  const modules = size + 2 * QUIET_ZONE;
  const side = Math.max(sideFor(modules), modules);
  const scale = Math.floor(side / modules);
  const margin = Math.floor((side - scale * size) / 2);
  const grey = Buffer.alloc(side * side, LIGHT);
  for (let y = 0; y < size * scale; y++) {
    for (let x = 0; x < size * scale; x++) {
      const isDark = data[Math.floor(y / scale) * size + Math.floor(x / scale)];
      if (isDark) grey[(margin + y) * side + margin + x] = DARK;
    }
  }
  return { side, grey };
}

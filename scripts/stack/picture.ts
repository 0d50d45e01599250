import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";

/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}

const maximumSide = 1024;

/** Reads `512x512`; undefined when it is no size that we draw. */
export function parseSize(text: string): Size | undefined {
  const [, width, height] = (text.match(/^(\d+)x(\d+)$/) ?? []).map(Number);
  const fits = (side: number | undefined): side is number =>
    side !== undefined && side >= 16 && side <= maximumSide;
  return fits(width) && fits(height) ? { width, height } : undefined;
}

/** A PNG of soft light from four coloured lamps, always the same for the same text. */
export function drawPicture(text: string, size: Size): Buffer {
  const seed = createHash("sha256").update(text).digest();
  return encodePng(size, paint(seed, size));
}

/** Lines of `filter, red, green, blue, red, …`, as PNG wants them before compression. */
function paint(seed: Uint8Array, { width, height }: Size): Uint8Array {
  const byte = (index: number) => seed[index % seed.length] ?? 0;
  const lamps = [0, 1, 2, 3].map((lamp) => ({
    x: byte(lamp * 6) / 255 * width,
    y: byte(lamp * 6 + 1) / 255 * height,
    red: byte(lamp * 6 + 2),
    green: byte(lamp * 6 + 3),
    blue: byte(lamp * 6 + 4),
    reach: (0.15 + byte(lamp * 6 + 5) / 1020) * width * height,
  }));
  const lines = new Uint8Array(height * (1 + width * 3));
  let at = 0;
  for (let y = 0; y < height; y++) {
    lines[at++] = 1; // The filter "difference from the pixel to the left" makes smooth colours small.
    let leftRed = 0, leftGreen = 0, leftBlue = 0;
    for (let x = 0; x < width; x++) {
      let red = 0, green = 0, blue = 0, light = 0.001;
      for (let index = 0; index < 4; index++) {
        const lamp = lamps[index]!;
        const dx = x - lamp.x, dy = y - lamp.y;
        const strength = lamp.reach / (lamp.reach / 16 + dx * dx + dy * dy);
        red += lamp.red * strength;
        green += lamp.green * strength;
        blue += lamp.blue * strength;
        light += strength;
      }
      const r = (red / light) | 0, g = (green / light) | 0, b = (blue / light) | 0;
      lines[at++] = r - leftRed;
      lines[at++] = g - leftGreen;
      lines[at++] = b - leftBlue;
      leftRed = r;
      leftGreen = g;
      leftBlue = b;
    }
  }
  return lines;
}

function encodePng({ width, height }: Size, lines: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits of red, green and blue; the only compression and filters there are
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

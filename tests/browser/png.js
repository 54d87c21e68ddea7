// @ts-check
/**
 * Reduces the size of a screenshot: a palette of at most 256 colours instead of three or four bytes per pixel, and
 * unfiltered rows, in which deflate finds repeated glyphs. Areas keep their exact colour; similar shades at the edges
 * of letters are merged.
 *
 *     await writeFile(file, smallerPng(await page.screenshot()));
 */
import {crc32, deflateSync, inflateSync} from 'node:zlib';

const SIGNATURE_BYTES = 8;
const EXACT = 128;

/** @param {Buffer} png @returns {[type: string, data: Buffer][]} */
const chunksOf = (png) => {
  /** @type {[string, Buffer][]} */
  const chunks = [];
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const end = at + 8 + png.readUInt32BE(at);
    chunks.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, end)]);
    at = end + 4;
  }
  return chunks;
};

/** @param {string} type @param {Buffer} data */
const chunk = (type, data) => {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
};

/** The Paeth predictor of PNG filter type 4. @param {number} left @param {number} up @param {number} corner */
const paeth = (left, up, corner) => {
  const [dLeft, dUp, dCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (dLeft <= dUp && dLeft <= dCorner) return left;
  return dUp <= dCorner ? up : corner;
};

/**
 * Removes the filters: returns rows of samples, each preceded by filter type 0 (none).
 * @param {Buffer} filtered
 * @param {number} height
 * @param {number} channels
 */
const plainRows = (filtered, height, channels) => {
  const stride = filtered.length / height;
  const rows = Buffer.alloc(filtered.length);
  for (let y = 0; y < height; y++) {
    const start = y * stride;
    const filter = filtered[start];
    for (let x = 1; x < stride; x++) {
      const at = start + x;
      const left = x > channels ? (rows[at - channels] ?? 0) : 0;
      const up = y ? (rows[at - stride] ?? 0) : 0;
      const corner = y && x > channels ? (rows[at - stride - channels] ?? 0) : 0;
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0;
      rows[at] = (filtered[at] ?? 0) + predicted;
    }
  }
  return rows;
};

/**
 * Keeps the most frequent colours, those of areas. The others, at the edges of letters, are merged if they agree in
 * their highest bits; as many bits are compared as yield at most 256 colours.
 * @param {number[]} pixels as 0xRRGGBB
 */
const paletteOf = (pixels) => {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const byFrequency = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  for (let bits = 8; ; bits--) {
    const mask = 0x010101 * (0xff & (0xff << (8 - bits)));
    const palette = byFrequency.slice(0, EXACT);
    const indexes = new Map(palette.map((colour, i) => [colour, i]));
    /** @type {Map<number, number>} */
    const shared = new Map();
    for (const colour of byFrequency.slice(EXACT)) {
      const index = shared.get(colour & mask) ?? palette.push(colour) - 1;
      shared.set(colour & mask, index);
      indexes.set(colour, index);
    }
    if (palette.length <= 256) return {palette, indexes};
  }
};

/** @param {Buffer} png 8 bits per sample, opaque, not interlaced */
export const smallerPng = (png) => {
  const chunks = chunksOf(png);
  const [, header = Buffer.alloc(13)] = chunks[0] ?? [];
  const channels = {2: 3, 6: 4}[header[9] ?? 0];
  if (header[8] !== 8 || !channels || header[12]) throw new Error('PNG must be 8-bit RGB or RGBA, not interlaced');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = Buffer.concat(chunks.filter(([type]) => type === 'IDAT').map(([, part]) => part));
  const rows = plainRows(inflateSync(data), height, channels);
  const pixels = Array.from({length: width * height}, (_, i) =>
    rows.readUIntBE(Math.floor(i / width) * (width * channels + 1) + 1 + (i % width) * channels, 3),
  );

  const {palette, indexes} = paletteOf(pixels);
  const indexed = Buffer.alloc((width + 1) * height);
  pixels.forEach(
    (pixel, i) => (indexed[Math.floor(i / width) * (width + 1) + 1 + (i % width)] = indexes.get(pixel) ?? 0),
  );
  const colours = Buffer.alloc(3 * palette.length);
  palette.forEach((colour, i) => colours.writeUIntBE(colour, 3 * i, 3));
  const INDEXED = 3;
  const head = Buffer.from(header);
  head[9] = INDEXED;
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', head),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(indexed, {level: 9, memLevel: 9})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

// The line decoder, with its input chunked in every way.
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {LineDecoder} from './ndjson.js';

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/**
 * The lines of these chunks; errors as the name of their class.
 * @param {Uint8Array[]} chunks
 * @param {number} [max]
 */
const decode = (chunks, max) => {
  const decoder = new LineDecoder(max);
  const lines = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
  return lines.map((line) => (typeof line === 'string' ? line : line.name));
};

/** Splits `whole` at these offsets. */
const split = (/** @type {Uint8Array} */ whole, /** @type {number[]} */ offsets) => {
  const ends = [...offsets.map((offset) => offset % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return ends.map((end, i) => whole.subarray(i ? ends[i - 1] : 0, end));
};

const concat = (/** @type {Uint8Array[]} */ parts) => new Uint8Array(parts.flatMap((part) => [...part]));

/** @type {{what: string, input: Uint8Array, lines: string[], max?: number}[]} */
const corpus = [
  {what: 'nothing', input: bytes(''), lines: []},
  {what: 'two lines', input: bytes('{"a":1}\n{"b":2}\n'), lines: ['{"a":1}', '{"b":2}']},
  {what: 'the last line needs no newline', input: bytes('1\n2'), lines: ['1', '2']},
  {
    what: 'characters of two, three and four bytes',
    input: bytes('"é"\n"€"\n"🌊👩‍👩‍👧"\n'),
    lines: ['"é"', '"€"', '"🌊👩‍👩‍👧"'],
  },
  {what: 'CRLF', input: bytes('1\r\n2\r\n'), lines: ['1', '2']},
  {what: 'only the last CR belongs to the newline', input: bytes('1\r\r\n'), lines: ['1\r']},
  {what: 'a CR alone does not end a line', input: bytes('1\r2\n'), lines: ['1\r2']},
  {what: 'a byte order mark', input: bytes('\ufeff1\n2\n'), lines: ['1', '2']},
  {what: 'a byte order mark inside a line is text', input: bytes('"a\ufeffb"\n'), lines: ['"a\ufeffb"']},
  {what: 'U+2028, U+2029 and U+0085 are text', input: bytes('"\u2028\u2029\u0085"\n'), lines: ['"\u2028\u2029\u0085"']},
  {what: 'blank lines', input: bytes('\n\r\n \t\r\n1\n\n'), lines: ['1']},
  {what: 'heartbeats before, between and after', input: bytes('  1\n   \n  2 \n  '), lines: ['1', '2 ']},
  {
    what: 'a byte that is never valid in UTF-8',
    input: concat([bytes('1\n"'), Uint8Array.of(0xff), bytes('"\n2\n')]),
    lines: ['1', 'TypeError', '2'],
  },
  {what: 'an overlong encoding', input: concat([Uint8Array.of(0xc0, 0x8a), bytes('\n2\n')]), lines: ['TypeError', '2']},
  {what: 'a surrogate', input: concat([Uint8Array.of(0xed, 0xa0, 0x80), bytes('\n2\n')]), lines: ['TypeError', '2']},
  {
    what: 'a character interrupted by a newline',
    input: concat([Uint8Array.of(0xe2, 0x82), bytes('\n2\n')]),
    lines: ['TypeError', '2'],
  },
  {what: 'a line of the maximum length', input: bytes('12345678\n1\n'), lines: ['12345678', '1'], max: 8},
  {what: 'a line one byte too long', input: bytes('1\n123456789\n2\n'), lines: ['1', 'RangeError', '2'], max: 8},
  {what: 'a last line that is too long', input: bytes('1\n1234567890123456789'), lines: ['1', 'RangeError'], max: 8},
  {what: 'a first line that is too long', input: bytes('123456789\n\ufeff2'), lines: ['RangeError', '2'], max: 8},
  {what: 'heartbeats are not part of a line', input: bytes(`${' '.repeat(40)}1\n`), lines: ['1'], max: 8},
];

describe('the lines do not depend on chunk boundaries', () => {
  test.each(corpus)('$what', ({input, lines, max}) => {
    expect(decode([input], max)).toEqual(lines);
    expect(
      decode(
        [...input].map((byte) => Uint8Array.of(byte)),
        max,
      ),
    ).toEqual(lines);
    for (let i = 0; i <= input.length; i++) {
      for (let j = i; j <= input.length; j++) expect(decode(split(input, [i, j]), max)).toEqual(lines);
    }
  });
});

test('any text is decoded as sent, however it is chunked', () => {
  const line = fc
    .string({unit: 'binary'})
    .filter((text) => /[^ \t\r\ufeff]/.test(text) && !/^[ \ufeff]|\n|\r$/.test(text));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), fc.constantFrom('\n', '\r\n'), (lines, offsets, newline) => {
      // A lone surrogate cannot be encoded in UTF-8: the replacement character is sent.
      const sent = lines.map((text) => text.toWellFormed());
      expect(decode(split(bytes(sent.join(newline)), offsets))).toEqual(sent);
    }),
  );
});

test('any bytes decode to the same lines, however they are chunked', () => {
  const noise = fc.uint8Array({max: 255, maxLength: 80});
  const hostile = fc.array(fc.constantFrom(10, 13, 32, 0x22, 0xef, 0xbb, 0xbf, 0xff, 0xf0), {maxLength: 60});
  fc.assert(
    fc.property(fc.oneof(noise, hostile), fc.array(fc.nat()), fc.integer({min: 1, max: 40}), (input, offsets, max) => {
      const whole = Uint8Array.from(input);
      expect(decode(split(whole, offsets), max)).toEqual(decode([whole], max));
    }),
    {numRuns: 2000},
  );
});

test('a chunk can be reused after push()', () => {
  const decoder = new LineDecoder();
  const chunk = bytes('"abc');
  expect(decoder.push(chunk)).toEqual([]);
  chunk.fill(0);
  expect(decoder.push(bytes('"\n'))).toEqual(['"abc"']);
});

test('a 1 MiB line in chunks of one byte takes linear time', () => {
  const cost = (/** @type {number} */ length) => {
    const decoder = new LineDecoder();
    const one = Uint8Array.of(0x61);
    const start = performance.now();
    for (let i = 0; i < length; i++) decoder.push(one);
    const [line] = [...decoder.push(Uint8Array.of(10))];
    expect(/** @type {string} */ (line).length).toBe(length);
    return performance.now() - start;
  };
  cost(1 << 16); // Warm-up: compiles the code.
  const best = (/** @type {number} */ length) => Math.min(...[1, 2, 3].map(() => cost(length)));
  // 16 times the bytes take 16 times as long if the work is linear, 256 times if it is quadratic.
  expect(best(1 << 20) / best(1 << 16)).toBeLessThan(64);
});

test('the default limit is 1 MiB per line', () => {
  const mebi = new Uint8Array(1 << 20).fill(0x61);
  expect(decode([mebi, bytes('\n1\n')]).map((line) => line.length)).toEqual([1 << 20, 1]);
  expect(decode([mebi, bytes('a\n1\n')])).toEqual(['RangeError', '1']);
});

// Formatting of numbers, times and long texts.
import {expect, test} from 'vitest';

import {clip, formatBytes, formatClock, formatDuration, formatNumber} from './format.js';

test.each([
  [NaN, '–'],
  [0, '0.0 ms'],
  [9.94, '9.9 ms'],
  [10, '10 ms'],
  [9999, '9999 ms'],
  [10_000, '10 s'],
  [12_345, '12.3 s'],
])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [12_340_000, '12.3 MB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test('thousands are separated by commas', () => expect(formatNumber(1234567.89)).toBe('1,234,567.9'));

test('a time is shown in the local zone, with or without nanoseconds; an invalid one is unchanged', () => {
  expect(formatClock('2026-11-22T15:31:04.062719363Z')).toMatch(/^\d\d:\d\d:04\.062$/);
  expect(formatClock('2026-11-22T15:31:04Z')).toMatch(/:04\.000$/);
  expect(formatClock('soon')).toBe('soon');
});

test('a long text is truncated between characters, with the number left out', () => {
  expect(clip('x'.repeat(2000))).toBe('x'.repeat(2000));
  expect(clip('x'.repeat(3500))).toBe(`${'x'.repeat(2000)} … 1,500 more`);
  expect(clip(`x${'🌊'.repeat(1500)}`)).toBe(`x${'🌊'.repeat(999)} … 1,002 more`);
});

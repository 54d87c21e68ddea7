// The stream statistics, with a simulated clock.
import {expect, test} from 'vitest';

import {Figures} from './figures.js';

test('before the first message', () => {
  expect(new Figures(5000).read(5000)).toEqual({
    count: 0,
    bytes: 0,
    skipped: 0,
    rate: 0,
    byteRate: 0,
    p50: NaN,
    p99: NaN,
    history: [],
  });
});

test('the rate is that of the last full second, or of the time so far', () => {
  const figures = new Figures(0);
  for (let now = 0; now < 900; now += 100) figures.add(now);
  expect(figures.read(950).rate).toBe(9);
  figures.add(1500);
  expect(figures.read(1500)).toMatchObject({count: 10, rate: 9, history: [9]});
  expect(figures.read(2000)).toMatchObject({rate: 1, history: [9, 1]});
  expect(figures.read(3000)).toMatchObject({rate: 0, history: [9, 1, 0]});
});

test('the history covers a minute, including seconds without messages', () => {
  const figures = new Figures(0);
  for (let second = 0; second < 90; second++) for (let i = 0; i < second; i++) figures.add(second * 1000);
  const {history} = figures.read(90_000);
  expect(history).toEqual(Array.from({length: 59}, (_, i) => 31 + i));
  expect(figures.read(1_000_000).history).toEqual(new Array(59).fill(0));
});

test('bytes are counted independently of messages, over the same second', () => {
  const figures = new Figures(0);
  figures.addBytes(100, 300);
  figures.addBytes(900, 200);
  expect(figures.read(950)).toMatchObject({count: 0, bytes: 500, byteRate: 500});
  figures.addBytes(1000, 7);
  expect(figures.read(1500)).toMatchObject({bytes: 507, byteRate: 500});
  expect(figures.read(2000).byteRate).toBe(7);
  expect(figures.read(3000).byteRate).toBe(0);
  // After one round of the ring buffer.
  expect(figures.read(61_500).byteRate).toBe(0);
});

test('add() returns the interval since the previous message', () => {
  const figures = new Figures(0);
  expect([100, 130, 130].map((now) => figures.add(now).interval)).toEqual([NaN, 30, 0]);
});

test('p50 and p99 are of the last thousand intervals', () => {
  const figures = new Figures(0);
  let now = 0;
  figures.add(now);
  for (let i = 0; i < 500; i++) figures.add((now += 1000));
  for (let i = 1; i <= 1000; i++) figures.add((now += i));
  expect(figures.read(now)).toMatchObject({p50: 500, p99: 990});
});

test('skipped messages are derived from the sequence numbers', () => {
  const figures = new Figures(0);
  expect([1, 2, 5, 6, 106].map((sequence) => figures.add(0, sequence).skipped)).toEqual([0, 0, 2, 0, 99]);
  expect(figures.read(0).skipped).toBe(101);
});

// The browser's EventSource with the real gateway: it resumes a stream, and stops at its end.
import {afterAll, beforeAll, expect, test} from 'vitest';

import {clientModule, launch} from './browser.js';
import {freePort, startGateway, startService} from './processes.js';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startService>>} */
let service;

beforeAll(async () => {
  browser = await launch();
  service = await startService({});
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

/** Opens a page of the gateway that collects event IDs in `seen`. @param {number} port */
const openPage = async (port) => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(() => void Object.assign(globalThis, {seen: [], events: []}));
  const seen = () => page.evaluate(() => /** @type {any} */ (globalThis).seen);
  return {
    page,
    seen,
    /** @param {number} count */
    hasSeen: (count) => page.waitForFunction((least) => /** @type {any} */ (globalThis).seen.length >= least, count),
  };
};

/** Each ID must be greater than the previous one. @param {number[]} ids */
const expectInOrder = (ids) => {
  for (let i = 1; i < ids.length; ++i) expect(ids[i]).toBeGreaterThan(/** @type {number} */ (ids[i - 1]));
};

test('EventSource resumes after the last ID when the gateway was killed, and stops at 204', async () => {
  const port = await freePort();
  let gateway = await startGateway({upstream: service.grpc, port});
  const {page, seen, hasSeen} = await openPage(port);
  await page.evaluate(() => {
    const {seen, events} = /** @type {any} */ (globalThis);
    const source = new EventSource('/v1/ticks:subscribe?message=hello&interval=0.05s&count=60');
    source.addEventListener('tick', (event) => seen.push(Number(event.lastEventId)));
    source.addEventListener('end', (event) => events.push(event.data));
    source.onerror = () => events.push(source.readyState);
  });
  await hasSeen(10);
  await gateway.stop('SIGKILL');
  const before = await seen();
  gateway = await startGateway({upstream: service.grpc, port});
  // It is not closed at `end`, so it reconnects once more and receives 204.
  await page.waitForFunction(() => /** @type {any} */ (globalThis).events.at(-1) === EventSource.CLOSED);
  const ids = await seen();
  expectInOrder(ids);
  expect(ids[before.length]).toBe(before.at(-1) + 1);
  expect(ids.at(-1)).toBe(60);
  const events = await page.evaluate(() => /** @type {any} */ (globalThis).events);
  expect(events.filter((/** @type {unknown} */ event) => typeof event === 'string')).toEqual(['{"code":0}']);
  await page.close();
  expect(await gateway.stop()).toBe(0);
});

test('FetchEventTarget does the same with POST and NDJSON', async () => {
  const port = await freePort();
  let gateway = await startGateway({upstream: service.grpc, port});
  const {page, seen, hasSeen} = await openPage(port);
  const client = await clientModule(page);
  await page.evaluate(({FetchEventTarget}) => {
    const {seen, events} = /** @type {any} */ (globalThis);
    const target = new FetchEventTarget('/v1/ticks:subscribe', {
      json: {message: 'hello', interval: '0.05s', count: 60},
      retry: {maxDelay: 200},
    });
    target.addEventListener('tick', (/** @type {any} */ event) => seen.push(Number(event.lastEventId)));
    target.addEventListener('close', (/** @type {any} */ event) => events.push(event.reason));
  }, client);
  await hasSeen(10);
  await gateway.stop('SIGKILL');
  const before = await seen();
  gateway = await startGateway({upstream: service.grpc, port});
  await page.waitForFunction(() => /** @type {any} */ (globalThis).events.length > 0);
  const ids = await seen();
  expectInOrder(ids);
  expect(ids[before.length]).toBe(before.at(-1) + 1);
  expect(ids.at(-1)).toBe(60);
  await page.close();
  expect(await gateway.stop()).toBe(0);
});

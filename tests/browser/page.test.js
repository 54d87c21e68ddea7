// The page in a real browser, before the real gateway and the real service.
import {execFileSync} from 'node:child_process';

import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {complaints, launch} from './browser.js';
import {eventually, freePort, gatewayReady, startGateway, startService, streamsActive} from './processes.js';

/** @typedef {import('playwright-core').Page} Page */

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('playwright-core').BrowserContext} */
let context;
/** @type {Page} */
let page;
/** @type {string[]} What the page complained about; a test that expects something takes it out. */
let found;
/** @type {Awaited<ReturnType<typeof startService>>} */
let service;
/** @type {Awaited<ReturnType<typeof startGateway>>} */
let gateway;

beforeAll(async () => {
  browser = await launch();
  service = await startService({});
  gateway = await startGateway({upstream: service.grpc});
});
afterAll(async () => {
  await browser?.close();
  // Both are ended before either is judged.
  const codes = [await gateway?.stop(), await service?.stop()];
  if (service) expect(codes).toEqual([0, 0]);
});
beforeEach(async () => {
  context = await browser.newContext({viewport: {width: 1280, height: 800}});
  page = await context.newPage();
  found = await complaints(page);
});
afterEach(async () => {
  await context.close();
  expect(found).toEqual([]);
});

/** Takes the browser's own report of failed requests, which are the subject of the test, out of the complaints. */
const expectComplaint = (/** @type {RegExp} */ pattern) => {
  expect(found.join('\n')).toMatch(pattern);
  found.splice(0, Infinity, ...found.filter((text) => !pattern.test(text)));
};

/** @param {Partial<Record<'message' | 'interval' | 'count', string | number>>} [fields] */
const subscribe = async (fields = {}) => {
  for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, `${value}`);
  await page.click('#start');
};
const open = (http = gateway.http) => page.goto(`http://${http}/`);
const rows = () => page.locator('#feed li');
const text = (/** @type {string} */ id) => page.locator(`#${id}`).textContent();

/** @param {string} state @param {string | RegExp} [status] */
const stateIs = async (state, status = /./) => {
  await page.locator(`#state[data-state="${state}"]`).waitFor();
  expect(await text('status')).toMatch(status);
};
const allFreed = () => eventually('no stream is left', async () => (await streamsActive(gateway.admin)) === 0, 5000);

describe('one stream', () => {
  test('shows each tick as it comes, in order', async () => {
    await open();
    await subscribe({message: 'hello', interval: 20});
    await stateIs('open', 'Open');
    await rows().nth(9).waitFor();
    const shown = await rows().evaluateAll((items) =>
      items.slice(0, 10).map((item) => [...item.children].slice(0, 3).map((part) => part.textContent)),
    );
    expect(shown.map(([sequence]) => Number(sequence))).toEqual(
      [...shown.keys()].map((i) => i + Number(shown[0]?.[0])),
    );
    for (const [, time, message] of shown) {
      expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
      expect(message).toBe('hello');
    }
    await eventually('the figures follow', async () => Number(await text('total')) >= 10);
  });

  test('stops, and its connection is free', async () => {
    await open();
    await subscribe({interval: 20});
    await rows().nth(2).waitFor();
    expect(await streamsActive(gateway.admin)).toBe(1);
    await page.click('#stop');
    await stateIs('idle', 'Stopped');
    await allFreed();
    const count = await rows().count();
    await subscribe({interval: 20});
    await rows().nth(2).waitFor();
    expect(count).toBeGreaterThan(2);
    await page.close();
    await allFreed();
  });

  test('ends when the service says so', async () => {
    await open();
    await subscribe({interval: 10, count: 3});
    await stateIs('ended', 'Closed · ended by the service · HTTP 200');
    expect(await rows().locator('.sequence').allTextContents()).toEqual(['1', '2', '3']);
    expect(await page.locator('#fault').isVisible()).toBe(false);
  });

  test('shows a payload of HTML as text', async () => {
    const message = `<img src=x onerror="document.title='hit'"><b>&amp;</b>`;
    await open();
    await subscribe({message, interval: 10, count: 2});
    await stateIs('ended');
    expect(await rows().locator('.text').allTextContents()).toEqual([message, message]);
    await page.click('#raw');
    expect(JSON.parse(await rows().first().innerText())).toMatchObject({type: 'tick', data: {message, sequence: '1'}});
    expect(await page.locator('#feed img, #feed b').count()).toBe(0);
    expect(await page.title()).toBe('Penstock');
  });

  test('of a thousand a second keeps 500 rows and goes on painting', async () => {
    await open();
    await page.evaluate(() => {
      const frames = () => {
        document.documentElement.dataset.frames = `${Number(document.documentElement.dataset.frames ?? 0) + 1}`;
        requestAnimationFrame(frames);
      };
      frames();
    });
    await subscribe({interval: 1});
    await eventually('many came', async () => Number((await text('total'))?.replace(/\D/g, '')) > 1500);
    expect(await rows().count()).toBe(500);
    const frames = () => page.evaluate(() => Number(document.documentElement.dataset.frames));
    const before = await frames();
    await eventually('frames go on', async () => (await frames()) > before + 10);
    await page.click('#pause');
    const newest = await rows().last().textContent();
    await eventually('it says how many wait', async () => /^Resume \([1-9]/.test(`${await text('pause')}`));
    expect(await rows().last().textContent()).toBe(newest);
    await page.click('#pause');
    await eventually('it goes on', async () => (await rows().last().textContent()) !== newest);
    await page.click('#stop');
    await stateIs('idle');
  });

  test('that is refused names the field', async () => {
    await open();
    await subscribe({message: 'x'.repeat(70_000)});
    await stateIs('failed', 'Closed · HTTP 400');
    expect(await text('fault-title')).toBe('The request is not valid');
    expect(await text('fault-codes')).toBe('HTTP 400 · gRPC 3 INVALID_ARGUMENT');
    expect(await text('fault-fields')).toMatch(/^message /);
    expect(await page.locator('#message').getAttribute('aria-invalid')).toBe('');
    expectComplaint(/status of 400/);
    await subscribe({message: 'short', count: 1});
    await stateIs('ended');
    expect(await page.locator('#fault').isVisible()).toBe(false);
  });

  test('works from the keyboard alone', async () => {
    await open();
    await page.focus('#message');
    await page.keyboard.press('Enter');
    await rows().first().waitFor();
    await page.focus('#stop');
    await page.keyboard.press('Escape');
    await stateIs('idle', 'Stopped');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('start');
    await page.keyboard.press('Space');
    await stateIs('open');
  });
});

describe('the page', () => {
  test('comes under a strict policy, and a breach would be seen', async () => {
    const response = await open();
    expect(response?.headers()['content-security-policy']).toBe(POLICY);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "hit"';
      document.head.append(script);
    });
    await eventually('the breach is reported', async () => found.some((line) => line.startsWith('policy: script-src')));
    expectComplaint(/script-src/);
    expect(await page.title()).toBe('Penstock');
  });

  test('fits a phone, in light and dark', async () => {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
      await page.setViewportSize({width: 360, height: 740});
      await open();
      await subscribe({message: 'w'.repeat(300), interval: 10, count: 5});
      await stateIs('ended');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    }
  });

  test("tells of HTTP/1.1's six connections", async () => {
    await open();
    expect(await text('protocol')).toMatch(/HTTP\/1\.1.*six/);
  });

  test('copies a curl command that works when pasted', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open();
    await page.fill('#message', `it's "quoted" $(exit 1)`);
    await page.fill('#interval', '10');
    await page.fill('#count', '2');
    await page.click('[data-copy=curl]');
    await page.locator('[data-copy=curl]', {hasText: 'Copied'}).waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const lines = execFileSync('/bin/sh', ['-c', `${command} -sS --noproxy '*'`], {encoding: 'utf8', timeout: 20_000})
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {type: 'tick', data: {message: `it's "quoted" $(exit 1)`, sequence: '1'}},
      {type: 'tick', data: {sequence: '2'}},
      {end: {code: 0}},
    ]);
  });
});

test('a client as the tutorial has it, unchanged, shows ticks', async () => {
  const tutorial = await startGateway({
    upstream: service.grpc,
    args: ['--web-root', new URL('tutorial', import.meta.url).pathname],
  });
  onTestFinished(async () => void (await tutorial.stop()));
  await open(tutorial.http);
  await page.locator('#end', {hasText: 'closed'}).waitFor();
  const items = await page.locator('#list li').allTextContents();
  expect(items[0]).toBe(`1 as the tutorial asks ${new Date().getFullYear()}`);
  expect(items.at(-1)).toMatch(/^5 /);
});

describe('under an open page', () => {
  test.each(/** @type {const} */ (['SIGTERM', 'SIGKILL']))(
    'the service ends by %s: the page tells, waits, and goes on',
    async (signal) => {
      const port = await freePort();
      let upstream = await startService({port});
      onTestFinished(async () => void (await upstream.stop()));
      const front = await startGateway({upstream: upstream.grpc});
      onTestFinished(async () => void (await front.stop()));
      await open(front.http);
      await subscribe({interval: 20});
      await rows().nth(2).waitFor();

      await upstream.stop(signal);
      await stateIs('failed', 'Closed · UNAVAILABLE');
      expect(await text('fault-title')).toBe('The service is not available');
      expect(await text('fault-codes')).toBe('HTTP 200 · gRPC 14 UNAVAILABLE');

      await page.click('#start');
      await stateIs('retry', 'Retry');
      expect(await text('fault-codes')).toBe('HTTP 503 · gRPC 14 UNAVAILABLE');
      upstream = await startService({port});
      // The gateway says when to come back, and the page does.
      await stateIs('open');
      await rows().nth(2).waitFor();
      expect(await page.locator('#fault').isVisible()).toBe(false);
      expectComplaint(/status of 503/);
    },
  );

  test.each(
    /** @type {const} */ ([
      ['SIGTERM', 'Closed · UNAVAILABLE'],
      ['SIGKILL', 'Closed · the stream was cut'],
    ]),
  )('the gateway ends by %s: the page tells, and Start works once it is back', async (signal, status) => {
    const port = await freePort();
    let front = await startGateway({upstream: service.grpc, port});
    onTestFinished(async () => void (await front.stop()));
    await open(front.http);
    await subscribe({interval: 20});
    await rows().nth(2).waitFor();

    await front.stop(signal);
    await stateIs('failed', status);
    await page.click('#start');
    await stateIs('failed', 'Closed · no answer');

    front = await startGateway({upstream: service.grpc, port});
    await gatewayReady(front.admin);
    await page.click('#start');
    await rows().nth(2).waitFor();
    await stateIs('open');
    expectComplaint(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);
  });
});

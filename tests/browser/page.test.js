// The page in a real browser, before the real gateway and the real service.
import {execFileSync} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';

import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {clientModule, complaints, launch} from './browser.js';
import {eventually, freePort, gatewayReady, startGateway, startService, streamsActive} from './processes.js';
import {POLICY} from './scripted_server.js';

/** @typedef {import('playwright-core').Page} Page */

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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
  allowComplaint(pattern);
};
/** The same where it depends on the moment whether there is one. */
const allowComplaint = (/** @type {RegExp} */ pattern) => {
  found.splice(0, Infinity, ...found.filter((text) => !pattern.test(text)));
};

/** @param {Partial<Record<'message' | 'interval' | 'count', string | number>>} [fields] */
const subscribe = async (fields = {}) => {
  for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, `${value}`);
  await page.click('#start');
};
const open = (http = gateway.http) => page.goto(`http://${http}/`);
const rows = () => page.locator('#feed .row');
const text = (/** @type {string} */ id) => page.locator(`#${id}`).textContent();

/** @param {string} state @param {string | RegExp} [status] */
const stateIs = async (state, status = /./) => {
  await page.locator(`#state[data-state="${state}"]`).waitFor();
  expect(await text('status')).toMatch(status);
};
const atEnd = () =>
  page
    .locator('#feed')
    .evaluate(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight < 48);
const allFreed = () => eventually('no stream is left', async () => (await streamsActive(gateway.admin)) === 0, 5000);

describe('one stream', () => {
  test('shows each tick as it comes, in order', async () => {
    await open();
    await subscribe({message: 'hello', interval: 20});
    await stateIs('open', 'Open');
    await rows().nth(9).waitFor();
    const shown = await rows().evaluateAll((items) =>
      items
        .slice(0, 10)
        .map((item) =>
          ['sequence', 'time', 'text', 'skipped'].map((name) => item.querySelector(`.${name}`)?.textContent),
        ),
    );
    // A busy machine makes the service skip ticks; then the row says how many.
    let last = 0;
    for (const [sequence, , , skipped] of shown) {
      expect(Number(sequence)).toBe(last + 1 + parseInt(skipped ?? '0'));
      last = Number(sequence);
    }
    for (const [, time, message] of shown) {
      expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
      expect(message).toBe('hello');
    }
    await eventually('the figures follow', async () => Number(await text('total')) >= 10);
    await eventually('a second is over', async () => /^[1-9][0-9.]* k?B$/.test(`${await text('byte-rate')}`));
    expect(await text('p50')).toMatch(/^\d+(\.\d)? ms$/);
    await page.locator('#peak', {hasText: /^peak \d+\/s$/}).waitFor();
    const drawn = await page.locator('#spark').evaluate((element) => {
      const canvas = /** @type {HTMLCanvasElement} */ (element);
      return canvas
        .getContext('2d')
        ?.getImageData(0, 0, canvas.width, canvas.height)
        .data.some((value) => value > 0);
    });
    expect(drawn).toBe(true);
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
    await rows().nth(2).waitFor();
    expect(await rows().locator('.sequence').allTextContents()).toEqual(['1', '2', '3']);
    expect(await page.locator('#fault').isVisible()).toBe(false);
  });

  test('shows a payload of HTML as text', async () => {
    const message = `<img src=x onerror="document.title='hit'"><b>&amp;</b>`;
    await open();
    await subscribe({message, interval: 10, count: 2});
    await stateIs('ended');
    await rows().nth(1).waitFor();
    expect(await rows().locator('.text').allTextContents()).toEqual([message, message]);
    await page.getByText('NDJSON').click();
    await page.locator('#lines .row').nth(2).waitFor();
    const lines = (await page.locator('#lines .row').allTextContents()).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      {type: 'tick', data: {message, sequence: '1'}},
      {type: 'tick', data: {message, sequence: '2'}},
      {end: {code: 0}},
    ]);
    expect(await page.locator('#feed img, #feed b, #lines img, #lines b').count()).toBe(0);
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
    expect(await page.locator('#message').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('#interval').getAttribute('aria-invalid')).toBe('false');
    await page.fill('#message', 'short');
    expect(await page.locator('#message').getAttribute('aria-invalid')).toBe('false');
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
    // To the views and back, and through everything that follows.
    await page.focus('#views :checked');
    await page.keyboard.press('ArrowRight');
    await page.locator('#lines .row').first().waitFor();
    await page.keyboard.press('ArrowLeft');
    await rows().first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await text('pause')).toMatch(/^Resume/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually('the list is cleared', async () => (await rows().count()) < 3);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('feed');
  });

  test('is followed to its newest, unless one looks back', async () => {
    await open();
    await subscribe({interval: 5});
    await rows().nth(99).waitFor();
    expect(await atEnd()).toBe(true);
    expect(await page.locator('#newest').isVisible()).toBe(false);
    await page.locator('#feed').evaluate((list) => (list.scrollTop = 0));
    await page.locator('#newest').waitFor();
    const count = await rows().count();
    await eventually('more came', async () => (await rows().count()) > count + 20);
    expect(await page.locator('#feed').evaluate((list) => list.scrollTop)).toBeLessThan(48);
    await page.click('#newest');
    await eventually('it follows', atEnd);
    expect(await page.locator('#newest').isVisible()).toBe(false);
  });

  test('is followed where messages are of several lines, and of different lengths', async () => {
    await open();
    await subscribe({message: 'many words '.repeat(60), interval: 10});
    await rows().nth(150).waitFor();
    expect(await page.locator('#newest').isVisible()).toBe(false);
    const cutOff = await page.locator('#feed').evaluate((list) => {
      const last = /** @type {Element} */ (list.lastElementChild);
      return last.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom;
    });
    expect(cutOff).toBeLessThan(1);
  });

  test('of a reader that stops reading makes the service skip, and costs it nothing', async () => {
    await open();
    const sequences = await page.evaluate(
      async (client) => {
        const json = {message: 'x'.repeat(60_000), interval: '0.001s'};
        const ticks = new client.FetchEventTarget('/v1/ticks:subscribe', {json});
        const reader = ticks.records().getReader();
        const next = async () => Number((await reader.read()).value?.data.sequence);
        const seen = [await next()];
        // Long enough for all buffers on the way to fill, at 60 MB a second.
        await new Promise((resolve) => setTimeout(resolve, 3000));
        while (seen.length < 20_000 && !seen.some((sequence, i) => sequence > (seen[i - 1] ?? 0) + 500))
          seen.push(await next());
        await reader.cancel();
        return seen;
      },
      await clientModule(page),
    );
    // While nobody read, the service went on counting and sent nothing.
    const widest = Math.max(...sequences.slice(1).map((sequence, i) => sequence - (sequences[i] ?? 0)));
    expect(widest).toBeGreaterThan(500);
    await allFreed();
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

  test('would be found out by an unhandled rejection', async () => {
    await open();
    await page.evaluate(() => void Promise.reject(new Error('nobody catches this')));
    await eventually('it is reported', async () => found.length > 0);
    expectComplaint(/^exception: nobody catches this$/);
  });

  test('fits a phone, in light and dark', async () => {
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
      for (const width of [375, 320]) {
        await page.setViewportSize({width, height: 740});
        await open();
        await subscribe({message: 'w'.repeat(300), interval: 10, count: 5});
        await stateIs('ended');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        await page.getByText('NDJSON').click();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      }
    }
  });

  test("tells of HTTP/1.1's six connections, and when they are all taken", async () => {
    await open();
    expect(await text('protocol')).toBe('HTTP/1.1');
    expect(await text('protocol-note')).toMatch(/HTTP\/1\.1.*six/);
    const others = await Promise.all(
      Array.from({length: 6}, async () => {
        const other = await context.newPage();
        await other.goto(`http://${gateway.http}/`);
        return other;
      }),
    );
    for (const other of others) {
      await other.click('#start');
      await other.locator('#feed .row').first().waitFor();
    }
    await subscribe({interval: 20});
    await stateIs('connecting');
    await page.locator('#hint', {hasText: 'six HTTP/1.1 connections'}).waitFor();
    await others[0]?.click('#stop');
    await stateIs('open');
    expect(await page.locator('#hint').isVisible()).toBe(false);
  });

  test.each(/** @type {const} */ (['light', 'dark']))(
    'has no fault that axe knows, in each state, %s',
    async (colorScheme) => {
      await page.emulateMedia({colorScheme});
      const violations = async () => {
        // The policy forbids what addScriptTag does; evaluate() is the debugger's.
        await page.evaluate(AXE);
        const {violations} = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
        return violations.map((/** @type {any} */ {id, nodes}) => [
          id,
          nodes.map((/** @type {any} */ node) => node.html),
        ]);
      };
      await open();
      expect(await violations()).toEqual([]);
      await subscribe({interval: 50});
      await rows().nth(20).waitFor();
      expect(await violations()).toEqual([]);
      await page.locator('#feed').evaluate((list) => (list.scrollTop = 0));
      await page.click('#pause');
      await page.getByText('NDJSON').click();
      expect(await violations()).toEqual([]);
      await page.click('#stop');
      await subscribe({message: 'x'.repeat(70_000)});
      await stateIs('failed');
      expect(await violations()).toEqual([]);
      await page.setViewportSize({width: 375, height: 740});
      expect(await violations()).toEqual([]);
      expectComplaint(/status of 400/);
    },
  );

  test('moves nothing where less motion is asked for', async () => {
    await page.emulateMedia({reducedMotion: 'reduce'});
    await open();
    const moving = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('*')].flatMap((element) =>
          ['::before', '::after', ''].filter((pseudo) => {
            const {animationName, transitionDuration} = getComputedStyle(element, pseudo || null);
            return animationName !== 'none' || parseFloat(transitionDuration) > 0;
          }),
        ),
      );
    await page.locator('#state').evaluate((state) => (state.dataset['state'] = 'connecting'));
    expect(await moving()).toEqual([]);
    await page.emulateMedia({reducedMotion: 'no-preference'});
    expect(await moving()).not.toEqual([]);
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
      // A tick has an id, so the page comes back by itself for what follows it.
      await page.locator('#state[data-state="retry"]').waitFor();
      await page.locator('#fault-codes', {hasText: 'HTTP 503 · gRPC 14 UNAVAILABLE'}).waitFor();
      expect(await text('fault-title')).toBe('The service is not available');
      // What it takes of the list's place is not the place of the newest.
      expect(await atEnd()).toBe(true);

      const seen = await rows().count();
      upstream = await startService({port});
      await stateIs('open');
      await rows().nth(seen + 2).waitFor();
      expect(await page.locator('#fault').isVisible()).toBe(false);
      expectComplaint(/status of 503/);
    },
  );

  test.each(/** @type {const} */ (['SIGTERM', 'SIGKILL']))(
    'the gateway ends by %s: the page tells, waits, and goes on',
    async (signal) => {
      const port = await freePort();
      let front = await startGateway({upstream: service.grpc, port});
      onTestFinished(async () => void (await front.stop()));
      await open(front.http);
      await subscribe({interval: 20});
      await rows().nth(2).waitFor();

      await front.stop(signal);
      await page.locator('#state[data-state="retry"]').waitFor();
      await page.locator('#fault').waitFor();
      const seen = await rows().count();
      front = await startGateway({upstream: service.grpc, port});
      await gatewayReady(front.admin);
      await stateIs('open');
      await rows().nth(seen + 2).waitFor();
      allowComplaint(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);
    },
  );
});

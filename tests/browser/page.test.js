// The page in Chromium, with the real gateway and the real service.
import {execFileSync} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';

import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {clientModule, collectProblems, launch} from './browser.js';
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
/** @type {string[]} Problems that the page reported; a test removes those that it expects. */
let problems;
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
  // Stops both before checking either.
  const codes = [await gateway?.stop(), await service?.stop()];
  if (service) expect(codes).toEqual([0, 0]);
});
beforeEach(async () => {
  context = await browser.newContext({viewport: {width: 1280, height: 800}});
  page = await context.newPage();
  problems = await collectProblems(page);
});
afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

/** Expects problems that match, such as the browser's report of a failed request, and removes them. */
const expectProblem = (/** @type {RegExp} */ pattern) => {
  expect(problems.join('\n')).toMatch(pattern);
  allowProblem(pattern);
};
/** Removes problems that match, whether or not there are any. */
const allowProblem = (/** @type {RegExp} */ pattern) => {
  problems.splice(0, Infinity, ...problems.filter((text) => !pattern.test(text)));
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
const allClosed = () => eventually('streams are closed', async () => (await streamsActive(gateway.admin)) === 0, 5000);

describe('a stream', () => {
  test('shows each tick as it arrives, in order', async () => {
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
    // On a busy machine the service skips ticks; the row then shows how many.
    let last = 0;
    for (const [sequence, , , skipped] of shown) {
      expect(Number(sequence)).toBe(last + 1 + parseInt(skipped ?? '0'));
      last = Number(sequence);
    }
    for (const [, time, message] of shown) {
      expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
      expect(message).toBe('hello');
    }
    await eventually('the statistics are updated', async () => Number(await text('total')) >= 10);
    await eventually('a second has passed', async () => /^[1-9][0-9.]* k?B$/.test(`${await text('byte-rate')}`));
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

  test('stops, and its connection is closed', async () => {
    await open();
    await subscribe({interval: 20});
    await rows().nth(2).waitFor();
    expect(await streamsActive(gateway.admin)).toBe(1);
    await page.click('#stop');
    await stateIs('idle', 'Stopped');
    await allClosed();
    const count = await rows().count();
    await subscribe({interval: 20});
    await rows().nth(2).waitFor();
    expect(count).toBeGreaterThan(2);
    await page.close();
    await allClosed();
  });

  test('closes at the end of the stream', async () => {
    await open();
    await subscribe({interval: 10, count: 3});
    await stateIs('ended', 'Closed · end of stream · HTTP 200');
    await rows().nth(2).waitFor();
    expect(await rows().locator('.sequence').allTextContents()).toEqual(['1', '2', '3']);
    expect(await page.locator('#error').isVisible()).toBe(false);
  });

  test('shows HTML in a message as text', async () => {
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

  test('at 1,000 messages/s keeps 500 rows and keeps rendering', async () => {
    await open();
    await page.evaluate(() => {
      const frames = () => {
        document.documentElement.dataset.frames = `${Number(document.documentElement.dataset.frames ?? 0) + 1}`;
        requestAnimationFrame(frames);
      };
      frames();
    });
    await subscribe({interval: 1});
    await eventually('messages have arrived', async () => Number((await text('total'))?.replace(/\D/g, '')) > 1500);
    expect(await rows().count()).toBe(500);
    const frames = () => page.evaluate(() => Number(document.documentElement.dataset.frames));
    const before = await frames();
    await eventually('frames are rendered', async () => (await frames()) > before + 10);
    await page.click('#pause');
    const latest = await rows().last().textContent();
    await eventually('the pause is counted', async () => /^Resume \([1-9]/.test(`${await text('pause')}`));
    expect(await rows().last().textContent()).toBe(latest);
    await page.click('#pause');
    await eventually('the list is updated', async () => (await rows().last().textContent()) !== latest);
    await page.click('#stop');
    await stateIs('idle');
  });

  test('that is rejected shows the invalid field', async () => {
    await open();
    await subscribe({message: 'x'.repeat(70_000)});
    await stateIs('failed', 'Closed · HTTP 400');
    expect(await text('error-title')).toBe('Invalid request');
    expect(await text('error-codes')).toBe('HTTP 400 · gRPC 3 INVALID_ARGUMENT');
    expect(await text('error-fields')).toMatch(/^message /);
    expect(await page.locator('#message').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('#interval').getAttribute('aria-invalid')).toBe('false');
    await page.fill('#message', 'short');
    expect(await page.locator('#message').getAttribute('aria-invalid')).toBe('false');
    expectProblem(/status of 400/);
    await subscribe({message: 'short', count: 1});
    await stateIs('ended');
    expect(await page.locator('#error').isVisible()).toBe(false);
  });

  test('can be controlled by keyboard alone', async () => {
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
    // Switches the view and back, then tabs through the controls that follow.
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

  test('scrolls to the latest message, unless the user has scrolled back', async () => {
    await open();
    await subscribe({interval: 5});
    await rows().nth(99).waitFor();
    expect(await atEnd()).toBe(true);
    expect(await page.locator('#latest').isVisible()).toBe(false);
    await page.locator('#feed').evaluate((list) => (list.scrollTop = 0));
    await page.locator('#latest').waitFor();
    const count = await rows().count();
    await eventually('more messages have arrived', async () => (await rows().count()) > count + 20);
    expect(await page.locator('#feed').evaluate((list) => list.scrollTop)).toBeLessThan(48);
    await page.click('#latest');
    await eventually('the list follows', atEnd);
    expect(await page.locator('#latest').isVisible()).toBe(false);
  });

  test('scrolls to the latest message if messages have several lines', async () => {
    await open();
    await subscribe({message: 'many words '.repeat(60), interval: 10});
    await rows().nth(150).waitFor();
    expect(await page.locator('#latest').isVisible()).toBe(false);
    const overflow = await page.locator('#feed').evaluate((list) => {
      const last = /** @type {Element} */ (list.lastElementChild);
      return last.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom;
    });
    expect(overflow).toBeLessThan(1);
  });

  test('makes the service skip messages while the client does not read', async () => {
    await open();
    const sequences = await page.evaluate(
      async (client) => {
        const json = {message: 'x'.repeat(60_000), interval: '0.001s'};
        const ticks = new client.FetchEventTarget('/v1/ticks:subscribe', {json});
        const reader = ticks.records().getReader();
        const next = async () => Number((await reader.read()).value?.data.sequence);
        const seen = [await next()];
        // Long enough to fill all buffers on the path at 60 MB/s.
        await new Promise((resolve) => setTimeout(resolve, 3000));
        while (seen.length < 20_000 && !seen.some((sequence, i) => sequence > (seen[i - 1] ?? 0) + 500))
          seen.push(await next());
        await reader.cancel();
        return seen;
      },
      await clientModule(page),
    );
    // While the client did not read, the service advanced the sequence without sending.
    const widest = Math.max(...sequences.slice(1).map((sequence, i) => sequence - (sequences[i] ?? 0)));
    expect(widest).toBeGreaterThan(500);
    await allClosed();
  });
});

describe('the page', () => {
  test('is served with a strict Content-Security-Policy, and a violation is detected', async () => {
    const response = await open();
    expect(response?.headers()['content-security-policy']).toBe(POLICY);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "hit"';
      document.head.append(script);
    });
    await eventually('it is reported', async () => problems.some((line) => line.startsWith('policy: script-src')));
    expectProblem(/script-src/);
    expect(await page.title()).toBe('Penstock');
  });

  test('fails the test at an unhandled rejection', async () => {
    await open();
    await page.evaluate(() => void Promise.reject(new Error('unhandled')));
    await eventually('it is reported', async () => problems.length > 0);
    expectProblem(/^exception: unhandled$/);
  });

  test('fits the width of a phone, in light and dark', async () => {
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

  test('shows the limit of six HTTP/1.1 connections, and when it is reached', async () => {
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
    'has no accessibility violations in any state, %s',
    async (colorScheme) => {
      await page.emulateMedia({colorScheme});
      const violations = async () => {
        // The policy forbids addScriptTag(); evaluate() runs in the debugger.
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
      expectProblem(/status of 400/);
    },
  );

  test('has no animations with prefers-reduced-motion', async () => {
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

  test('copies a curl command that works in a shell', async () => {
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

test('the client of a tutorial works unchanged', async () => {
  const tutorial = await startGateway({
    upstream: service.grpc,
    args: ['--web-root', new URL('tutorial', import.meta.url).pathname],
  });
  onTestFinished(async () => void (await tutorial.stop()));
  await open(tutorial.http);
  await page.locator('#end', {hasText: 'closed'}).waitFor();
  const items = await page.locator('#list li').allTextContents();
  expect(items[0]).toBe(`1 from the tutorial ${new Date().getFullYear()}`);
  expect(items.at(-1)).toMatch(/^5 /);
});

describe('while a stream is open', () => {
  test.each(/** @type {const} */ (['SIGTERM', 'SIGKILL']))(
    'the service stops by %s: the page shows the error, waits and reconnects',
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
      // A tick has an ID, so the client reconnects to resume after it.
      await page.locator('#state[data-state="retry"]').waitFor();
      await page.locator('#error-codes', {hasText: 'HTTP 503 · gRPC 14 UNAVAILABLE'}).waitFor();
      expect(await text('error-title')).toBe('Service unavailable');
      // The error makes the list smaller; it still shows the latest message.
      expect(await atEnd()).toBe(true);

      const seen = await rows().count();
      upstream = await startService({port});
      await stateIs('open');
      await rows().nth(seen + 2).waitFor();
      expect(await page.locator('#error').isVisible()).toBe(false);
      expectProblem(/status of 503/);
    },
  );

  test.each(/** @type {const} */ (['SIGTERM', 'SIGKILL']))(
    'the gateway stops by %s: the page shows the error, waits and reconnects',
    async (signal) => {
      const port = await freePort();
      let front = await startGateway({upstream: service.grpc, port});
      onTestFinished(async () => void (await front.stop()));
      await open(front.http);
      await subscribe({interval: 20});
      await rows().nth(2).waitFor();

      await front.stop(signal);
      await page.locator('#state[data-state="retry"]').waitFor();
      await page.locator('#error').waitFor();
      const seen = await rows().count();
      front = await startGateway({upstream: service.grpc, port});
      await gatewayReady(front.admin);
      await stateIs('open');
      await rows().nth(seen + 2).waitFor();
      allowProblem(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);
    },
  );
});

// The page and the client in a real browser, before streams that no real service sends on demand.
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {EXPECTED} from '../web/scenario.js';
import {scenarioBody} from '../web/scenario_server.js';

import {clientModule, complaints, launch} from './browser.js';
import {eventually} from './processes.js';
import {scriptedServer, tickLine, writeHeld} from './scripted_server.js';

const WEB = new URL('../../web/root/', import.meta.url);
const TREE = new URL('../../', import.meta.url);
const END = '{"end":{"code":0}}\n';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('playwright-core').Page} */
let page;
/** @type {string[]} */
let found;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  page = await browser.newPage({viewport: {width: 1280, height: 800}});
  found = await complaints(page);
});
afterEach(async () => {
  await page.close();
  expect(found).toEqual([]);
});

/** @param {Parameters<typeof scriptedServer>[1]} script */
const serve = async (script) => {
  const server = await scriptedServer([WEB, TREE], script);
  onTestFinished(() => server.close());
  await page.goto(server.url);
  return server;
};
const text = (/** @type {string} */ id) => page.locator(`#${id}`).textContent();
const total = async () => Number((await text('total'))?.replaceAll(',', ''));

/** Notes the time of each frame in `frames`. */
const watchFrames = () =>
  page.evaluate(() => {
    /** @type {number[]} */
    const frames = [];
    Object.assign(globalThis, {frames});
    const note = (/** @type {number} */ now) => {
      frames.push(now);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
const frameGaps = () =>
  page.evaluate(() => {
    const {frames} = /** @type {{frames: number[]}} */ (/** @type {unknown} */ (globalThis));
    return frames
      .slice(1)
      .map((now, i) => now - /** @type {number} */ (frames[i]))
      .sort((a, b) => a - b);
  });

describe('the page', () => {
  test('goes on painting under a burst of 5,000 lines', async () => {
    const lines = Array.from({length: 5000}, (_, i) => tickLine(i + 1)).join('');
    await serve((response) => response.end(lines + END));
    // How many messages each frame finds more than the one before: a burst that starves paint comes in one.
    const painted = await page.evaluate(
      async ({FetchEventTarget}) => {
        /** @type {number[]} */
        const painted = [];
        let count = 0;
        let before = 0;
        const note = () => {
          if (count > before) painted.push(count - before);
          before = count;
          requestAnimationFrame(note);
        };
        requestAnimationFrame(note);
        const target = new FetchEventTarget('/v1/ticks:subscribe');
        // As much work as a page does for a message: 0.1 ms.
        target.addEventListener('tick', () => {
          count++;
          for (const end = performance.now() + 0.1; performance.now() < end;);
        });
        await target.closed;
        await new Promise((resolve) => requestAnimationFrame(resolve));
        return painted;
      },
      await clientModule(page),
    );
    expect(painted.reduce((sum, count) => sum + count)).toBe(5000);
    // 500 ms of work: were it one task, one frame would have it all.
    expect(painted.length).toBeGreaterThan(5);

    await page.click('#start');
    await page.locator('#state[data-state=ended]').waitFor();
    expect(await total()).toBe(5000);
    expect(await page.locator('#feed .row').count()).toBe(500);
    expect(await page.locator('#feed .row .sequence').last().textContent()).toBe('5000');
  });

  test('paints and keeps up at 200 ticks a second', async () => {
    await serve(async (response) => {
      const start = performance.now();
      for (let sequence = 1; !response.destroyed;) {
        const due = Math.floor((performance.now() - start) / 5);
        for (; sequence <= due; sequence++) response.write(tickLine(sequence));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await page.click('#start');
    // The list is full: each row that comes makes one go.
    await eventually('the list is full', async () => (await total()) > 520);
    const devtools = await page.context().newCDPSession(page);
    // Time of the processor, not of the clock: what others do on the machine does not count.
    await devtools.send('Performance.enable', {timeDomain: 'threadTicks'});
    const busy = async () => {
      const {metrics} = await devtools.send('Performance.getMetrics');
      return metrics.find(({name}) => name === 'TaskDuration')?.value ?? NaN;
    };
    await watchFrames();
    const [start, before] = [performance.now(), await busy()];
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const share = ((await busy()) - before) / ((performance.now() - start) / 1000);
    const gaps = await frameGaps();
    const at = (/** @type {number} */ part) => Math.round(gaps[Math.floor(part * (gaps.length - 1))] ?? NaN);
    console.log(
      `200 ticks/s: the page's thread is busy ${(100 * share).toFixed(0)} % of the time; ` +
        `${gaps.length} frames in 3 s, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
    );
    // How fast is for the reader of that line to judge; here it must paint, and not fall behind.
    expect(share).toBeGreaterThan(0);
    expect(gaps.length).toBeGreaterThan(10);
    const shown = await total();
    await eventually('it keeps up', async () => (await total()) > shown + 200);
  });

  test('stays as small as it was through an hour of ticks', async () => {
    const HOUR = 3600 * 20;
    /** Writes in lumps, as a network does. */
    const LUMP = 200;
    await serve(async (response) => {
      for (let sequence = 1; sequence <= HOUR && !response.destroyed; sequence += LUMP) {
        await writeHeld(response, Array.from({length: LUMP}, (_, i) => tickLine(sequence + i)).join(''));
      }
      response.end(END);
    });
    const devtools = await page.context().newCDPSession(page);
    const size = async () => {
      await devtools.send('HeapProfiler.collectGarbage');
      const {usedSize} = await devtools.send('Runtime.getHeapUsage');
      const {nodes, jsEventListeners} = await devtools.send('Memory.getDOMCounters');
      return {heap: usedSize, nodes, listeners: jsEventListeners};
    };
    await page.click('#start');
    await eventually('a tenth has come', async () => (await total()) > HOUR / 10, 120_000);
    const before = await size();
    await page.locator('#state[data-state=ended]').waitFor({timeout: 240_000});
    expect(await total()).toBe(HOUR);
    const after = await size();
    console.log(
      `an hour at 20/s: heap ${before.heap >> 10} to ${after.heap >> 10} KiB, nodes ${before.nodes} to ${after.nodes}`,
    );
    expect(after.heap).toBeLessThan(before.heap + (2 << 20));
    expect(after.nodes).toBeLessThan(before.nodes + 1000);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners + 5);
  }, 300_000);

  test('tells a stream that is cut from one that ends', async () => {
    await serve((response) => {
      response.write(tickLine(1));
      setTimeout(() => response.destroy(), 100);
    });
    await page.click('#start');
    await page.locator('#state[data-state=failed]').waitFor();
    expect(await text('status')).toBe('Closed · the stream was cut');
    expect(found.splice(0).join()).toMatch(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION/);
  });

  test('shows the beginning of a message that is long, and goes on', async () => {
    await serve((response) => response.end(tickLine(1, 'x'.repeat(500_000)) + tickLine(2) + END));
    await page.click('#start');
    await page.locator('#state[data-state=ended]').waitFor();
    const [long, short] = await page.locator('#feed .text').allTextContents();
    expect(long).toMatch(/^x{2000} … 498,000 more$/);
    expect(short).toBe('hello');
  });
});

test('the client works in a worker of a page', async () => {
  let requests = 0;
  await serve((response, request) => response.end(scenarioBody(requests++, request)));
  const events = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker('tests/browser/worker.js', {type: 'module'});
        worker.onmessage = ({data}) => resolve(data);
        worker.onerror = ({message}) => reject(new Error(message));
        worker.postMessage('/v1/ticks:subscribe');
      }),
  );
  expect(events).toEqual(EXPECTED);
});

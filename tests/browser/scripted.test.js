// The page and the client in Chromium, with streams that the real service cannot send on demand.
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test} from 'vitest';

import {EXPECTED} from '../web/scenario.js';
import {scenarioBody} from '../web/scenario_server.js';

import {clientModule, collectProblems, launch} from './browser.js';
import {eventually} from './processes.js';
import {scriptedServer, tickLine, writeAndDrain} from './scripted_server.js';

const WEB = new URL('../../web/root/', import.meta.url);
const TREE = new URL('../../', import.meta.url);
const END = '{"end":{"code":0}}\n';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('playwright-core').Page} */
let page;
/** @type {string[]} */
let problems;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  page = await browser.newPage({viewport: {width: 1280, height: 800}});
  problems = await collectProblems(page);
});
afterEach(async () => {
  await page.close();
  expect(problems).toEqual([]);
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

/** Records the time of each frame in `frames`. */
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
  test('renders during a burst of 5,000 lines', async () => {
    const lines = Array.from({length: 5000}, (_, i) => tickLine(i + 1)).join('');
    await serve((response) => response.end(lines + END));
    // New messages per frame: a burst that blocks rendering would arrive in a single frame.
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
        // Simulates 0.1 ms of work per message.
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
    // 500 ms of work: as one task, it would all be in one frame.
    expect(painted.length).toBeGreaterThan(5);

    await page.click('#start');
    await page.locator('#state[data-state=ended]').waitFor();
    expect(await total()).toBe(5000);
    expect(await page.locator('#feed .row').count()).toBe(500);
    expect(await page.locator('#feed .row .sequence').last().textContent()).toBe('5000');
  });

  test('renders and keeps up at 200 ticks/s', async () => {
    await serve(async (response) => {
      const start = performance.now();
      for (let sequence = 1; !response.destroyed;) {
        const due = Math.floor((performance.now() - start) / 5);
        for (; sequence <= due; sequence++) response.write(tickLine(sequence));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await page.click('#start');
    // Waits until the list is full: from then on each new row replaces one.
    await eventually('the list is full', async () => (await total()) > 520);
    const devtools = await page.context().newCDPSession(page);
    // CPU time instead of wall-clock time: independent of the load of the machine.
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
      `200 ticks/s: main thread busy for ${(100 * share).toFixed(0)} % of the time; ` +
        `${gaps.length} frames in 3 s, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
    );
    // Performance depends on the machine: asserts only that the page renders and keeps up.
    expect(share).toBeGreaterThan(0);
    expect(gaps.length).toBeGreaterThan(10);
    const shown = await total();
    await eventually('the page keeps up', async () => (await total()) > shown + 200);
  });

  test('does not grow in memory during an hour of ticks', async () => {
    const HOUR = 3600 * 20;
    /** Ticks per write. */
    const BATCH = 200;
    await serve(async (response) => {
      for (let sequence = 1; sequence <= HOUR && !response.destroyed; sequence += BATCH) {
        await writeAndDrain(response, Array.from({length: BATCH}, (_, i) => tickLine(sequence + i)).join(''));
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
    await eventually('a tenth has arrived', async () => (await total()) > HOUR / 10, 120_000);
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

  test('distinguishes an aborted stream from a completed one', async () => {
    await serve((response) => {
      response.write(tickLine(1));
      setTimeout(() => response.destroy(), 100);
    });
    await page.click('#start');
    await page.locator('#state[data-state=failed]').waitFor();
    expect(await text('status')).toBe('Closed · stream aborted');
    expect(problems.splice(0).join()).toMatch(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION/);
  });

  test('truncates a long message', async () => {
    await serve((response) => response.end(tickLine(1, 'x'.repeat(500_000)) + tickLine(2) + END));
    await page.click('#start');
    await page.locator('#state[data-state=ended]').waitFor();
    const [long, short] = await page.locator('#feed .text').allTextContents();
    expect(long).toMatch(/^x{2000} … 498,000 more$/);
    expect(short).toBe('hello');
  });
});

test('the client runs in a worker', async () => {
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

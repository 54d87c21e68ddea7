// The page and the client in Firefox, with its own fetch(), streams and canvas. Driven by WebDriver BiDi, the only
// protocol that Debian's Firefox supports. What does not depend on the engine is tested in Chromium.
import puppeteer from 'puppeteer-core';
import {afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test} from 'vitest';

import {EXPECTED} from '../web/scenario.js';
import {scenarioBody} from '../web/scenario_server.js';

import {eventually, startGateway, startService, streamsActive} from './processes.js';
import {scriptedServer, tickLine} from './scripted_server.js';

/** @type {import('puppeteer-core').Browser} */
let browser;
/** @type {import('puppeteer-core').Page} */
let page;
/** @type {string[]} */
let problems;
/** @type {Awaited<ReturnType<typeof startService>>} */
let service;
/** @type {Awaited<ReturnType<typeof startGateway>>} */
let gateway;

beforeAll(async () => {
  browser = await puppeteer.launch({browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true});
  service = await startService({});
  gateway = await startGateway({upstream: service.grpc});
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await service?.stop();
});
beforeEach(async () => {
  page = await browser.newPage();
  problems = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error}`));
});
afterEach(async () => {
  await page.close();
  expect(problems).toEqual([]);
});

/** @param {Record<string, string>} fields */
const subscribe = async (fields) => {
  for (const [id, value] of Object.entries(fields)) {
    await page.$eval(
      `#${id}`,
      (element, text) => {
        const input = /** @type {HTMLInputElement} */ (element);
        input.value = text;
      },
      value,
    );
  }
  await page.click('#start');
};
const state = (/** @type {string} */ name) => page.waitForSelector(`#state[data-state="${name}"]`);
const text = (/** @type {string} */ id) => page.$eval(`#${id}`, (element) => element.textContent);
const texts = (/** @type {string} */ selector) =>
  page.$$eval(selector, (elements) => elements.map((element) => element.textContent));

/** Opens the page with a scripted server. @param {Parameters<typeof scriptedServer>[1]} script */
const serve = async (script) => {
  const folders = [new URL('../../web/root/', import.meta.url), new URL('../../', import.meta.url)];
  const server = await scriptedServer(folders, script);
  onTestFinished(() => server.close());
  await page.goto(server.url);
};

test('ticks are shown as they arrive, as text, and Stop closes the stream', async () => {
  const message = `<img src=x onerror="document.title='hit'">`;
  await page.goto(`http://${gateway.http}/`);
  await subscribe({message, interval: '20'});
  await state('open');
  await eventually('ticks arrive', async () => (await texts('#feed .row')).length > 10);
  expect(new Set(await texts('#feed .text'))).toEqual(new Set([message]));
  expect((await texts('#feed .sequence'))[0]).toBe('1');
  expect(await page.title()).toBe('Penstock');
  expect(await text('protocol')).toBe('HTTP/1.1');
  await page.click('#stop');
  await state('idle');
  await eventually('all streams are closed', async () => (await streamsActive(gateway.admin)) === 0);
});

test('the end of a stream, and a rejected request with its field', async () => {
  await page.goto(`http://${gateway.http}/`);
  await subscribe({interval: '10', count: '3'});
  await state('ended');
  await page.waitForSelector('#feed .row:nth-child(3)');
  await subscribe({message: 'x'.repeat(70_000)});
  await state('failed');
  expect(await text('error-codes')).toBe('HTTP 400 · gRPC 3 INVALID_ARGUMENT');
  expect(await text('error-fields')).toMatch(/^message /);
});

test('an aborted stream is distinguished from a completed one', async () => {
  await serve((response) => {
    response.write(tickLine(1));
    setTimeout(() => response.destroy(), 100);
  });
  await subscribe({});
  await state('failed');
  expect(await text('status')).toBe('Closed · stream aborted');
  expect(await texts('#feed .sequence')).toEqual(['1']);
});

test('after a burst of 5,000 lines the latest 500 are shown', async () => {
  await serve((response) =>
    response.end(`${Array.from({length: 5000}, (_, i) => tickLine(i + 1)).join('')}{"end":{"code":0}}\n`),
  );
  await subscribe({});
  await state('ended');
  await eventually('the last line is shown', async () => (await texts('#feed .sequence')).at(-1) === '5000');
  expect((await texts('#feed .row')).length).toBe(500);
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

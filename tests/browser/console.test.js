// The live console with the real gateway: the tick service, and a third-party API (grpc.health.v1).
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';

import {afterAll, beforeAll, expect, test} from 'vitest';

import {launch} from './browser.js';
import {eventually, startGateway, startService, streamsActive} from './processes.js';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startService>>} */
let service;
/** @type {Awaited<ReturnType<typeof startGateway>>} */
let gateway;

beforeAll(async () => {
  browser = await launch();
  service = await startService({});
  gateway = await startGateway({
    upstream: service.grpc,
    args: ['--expose', 'penstock.tick.v1.TickService', '--expose', 'grpc.health.v1.Health'],
  });
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await service?.stop();
});

/** Opens the console and selects `method`. @param {string} method @param {Parameters<import('playwright-core').Browser['newPage']>[0]} [options] */
const open = async (method, options) => {
  const page = await browser.newPage(options);
  /** @type {string[]} */
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(`http://${gateway.http}/console.html`);
  await page.getByRole('button', {name: new RegExp(`^${method}`)}).click();
  return {page, problems, lines: () => page.locator('#lines .row').allTextContents()};
};

/** @param {import('playwright-core').Page} page @param {string} text */
const hasStatus = (page, text) =>
  page.waitForFunction((text) => document.getElementById('status')?.textContent?.includes(text), text);

/** Waits for a row: it is rendered one frame after its line arrives. @param {import('playwright-core').Page} page @param {string} text */
const shows = (page, text) => page.locator('#lines .row', {hasText: text}).first().waitFor();

test('a stream of ticks, from the skeleton to the final record', async () => {
  const {page, problems, lines} = await open('Subscribe');
  expect(await page.locator('#found').textContent()).toBe('4 of 4 methods');
  const skeleton = JSON.parse(await page.locator('#json').inputValue());
  expect(skeleton).toEqual({message: '', interval: '1s', count: '0', afterSequence: '0'});
  const evil = '<img src=x onerror="document.title=1">';
  await page.locator('#json').fill(JSON.stringify({message: evil, interval: '0.02s', count: 2}));
  expect(await page.locator('#curl').textContent()).toContain(`curl -N \\\n  --json '{"message":"<img`);
  await page.getByRole('button', {name: 'Send'}).click();
  await hasStatus(page, 'Closed · end of stream · HTTP 200');
  await shows(page, '{"end":{"code":0}}');
  expect((await lines()).length).toBe(3);
  expect((await lines())[0]).toContain('<img src=x');
  expect((await lines())[2]).toBe('{"end":{"code":0}}');
  expect(await page.locator('#lines img').count()).toBe(0);
  await page.locator('summary').click();
  expect(await page.locator('#header-lines').textContent()).toContain('content-type: application/x-ndjson');
  expect(problems).toEqual([]);
  await page.close();
});

test('a method can be called by each of its routes', async () => {
  const {page, lines} = await open('Subscribe');
  await page.locator('#json').fill('{"message":"by GET","interval":"0.02s","count":1}');
  for (const route of ['POST /events', 'GET /v1/ticks:subscribe']) {
    await page.locator('#route').selectOption({label: route});
    await page.getByRole('button', {name: 'Send'}).click();
    await hasStatus(page, 'Closed · end of stream · HTTP 200');
    await shows(page, '{"end":{"code":0}}');
    expect((await lines())[0], route).toContain('by GET');
  }
  expect(await page.locator('#curl').textContent()).toContain('?message=by+GET&interval=0.02s&count=1');
  await page.close();
});

test('a third-party API: a stream that is stopped, a unary call, an error', async () => {
  const {page, lines} = await open('Watch');
  await page.getByRole('button', {name: 'Send'}).click();
  await page.locator('#lines .row').first().waitFor();
  expect((await lines())[0]).toContain('"status":"SERVING"');
  await page.keyboard.press('Escape');
  await hasStatus(page, 'Stopped');
  await eventually('the stream is closed', async () => (await streamsActive(gateway.admin)) === 0);

  await page.getByRole('button', {name: /^Check/}).click();
  await page.locator('#json').press('Control+Enter');
  await hasStatus(page, 'HTTP 200');
  await shows(page, '"status": "SERVING"');
  await page.locator('#json').fill('{"service":"unknown"}');
  await page.getByRole('button', {name: 'Send'}).click();
  await hasStatus(page, 'HTTP 404');
  await shows(page, '"code": 5');
  await page.close();
});

test('a rejected stream shows the error', async () => {
  const {page} = await open('Subscribe');
  await page.locator('#json').fill('{"interval":"0s"}');
  await page.getByRole('button', {name: 'Send'}).click();
  await page.locator('#error').waitFor();
  expect(await page.locator('#error').textContent()).toContain('gRPC 3 INVALID_ARGUMENT');
  await page.close();
});

test('invalid JSON is reported while typing and cannot be sent', async () => {
  const {page} = await open('Subscribe');
  await page.locator('#json').fill('{"message":');
  expect(await page.locator('#json-error').textContent()).toContain('Invalid JSON: ');
  expect(await page.getByRole('button', {name: 'Send'}).isDisabled()).toBe(true);
  await page.close();
});

test('the search matches words of names and paths', async () => {
  const {page} = await open('Subscribe');
  await page.getByLabel('Search methods').fill('health watch');
  expect(await page.locator('#methods button').allTextContents()).toEqual(['Watchserver stream']);
  expect(await page.locator('#found').textContent()).toBe('1 of 4 methods');
  await page.close();
});

test.each(['light', 'dark'])('has no accessibility violations, %s', async (colorScheme) => {
  const {page} = await open('Subscribe', {colorScheme: /** @type {'light' | 'dark'} */ (colorScheme)});
  await page.locator('#json').fill('{"interval":"0s"}');
  await page.getByRole('button', {name: 'Send'}).click();
  await page.locator('#error').waitFor();
  await page.evaluate(AXE);
  const {violations} = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run());
  expect(violations.map((/** @type {any} */ {id, nodes}) => [id, nodes.map((/** @type {any} */ n) => n.html)])).toEqual([]);
  await page.close();
});

test('the console can be disabled', async () => {
  const disabled = await startGateway({upstream: service.grpc, args: ['--console=off']});
  for (const path of ['/console.html', '/console.js', '/console/methods']) {
    expect((await fetch(`http://${disabled.http}${path}`)).status, path).toBe(404);
  }
  const page = await browser.newPage();
  const headResponse = page.waitForResponse((response) => response.url().endsWith('/console.html'));
  await page.goto(`http://${disabled.http}/`);
  expect((await headResponse).status()).toBe(404);
  expect(await page.getByRole('link', {name: 'Console'}).isVisible()).toBe(false);
  await page.goto(`http://${gateway.http}/`);
  await page.getByRole('link', {name: 'Console'}).click();
  await page.getByRole('button', {name: /^Subscribe/}).waitFor();
  await page.close();
  expect(await disabled.stop()).toBe(0);
});

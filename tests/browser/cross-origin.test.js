// Pages of other origins, and HTTP/2: what Chromium allows a page to do with the real gateway.
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {afterAll, beforeAll, expect, test} from 'vitest';

import {launch} from './browser.js';
import {eventually, startGateway, startService, streamsActive} from './processes.js';

const SUBSCRIBE = '/v1/ticks:subscribe';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startService>>} */
let service;
/** @type {http.Server} */
let site;
/** @type {string} */
let allowed;
/** @type {string} */
let foreign;

beforeAll(async () => {
  browser = await launch();
  service = await startService({});
  // Another site, with two origins.
  site = http.createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>another site</title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const {port} = /** @type {import('node:net').AddressInfo} */ (site.address());
  allowed = `http://127.0.0.1:${port}`;
  foreign = `http://localhost:${port}`;
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  await service?.stop();
});

/** POSTs JSON to `url` from a page and reads the whole response. @param {import('playwright-core').Page} page @param {string} url */
const subscribe = (page, url) =>
  page.evaluate(
    async (url) => {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {'Content-Type': 'application/json'},
          body: JSON.stringify({message: 'hello', count: 2, interval: '0.01s'}),
        });
        return {status: response.status, lines: (await response.text()).trim().split('\n').length};
      } catch (error) {
        return {failed: String(error)};
      }
    },
    url,
  );

test('a page of an allowed origin can read a stream, a page of another origin cannot', async () => {
  const gateway = await startGateway({upstream: service.grpc, args: ['--cors-origin', allowed]});
  const url = `http://${gateway.http}${SUBSCRIBE}`;
  const allowedPage = await browser.newPage();
  await allowedPage.goto(allowed);
  expect(await subscribe(allowedPage, url)).toEqual({status: 200, lines: 3});
  // EventSource sends no preflight request; the response headers decide whether the page may read it.
  const ids = await allowedPage.evaluate(
    (url) =>
      new Promise((resolve) => {
        /** @type {string[]} */
        const ids = [];
        const source = new EventSource(url);
        source.addEventListener('tick', (event) => ids.push(event.lastEventId));
        source.addEventListener('end', () => (source.close(), resolve(ids)));
        source.onerror = () => (source.close(), resolve(['error']));
      }),
    `${url}?count=2&interval=0.01s`,
  );
  expect(ids).toEqual(['1', '2']);

  const foreignPage = await browser.newPage();
  await foreignPage.goto(foreign);
  expect(await subscribe(foreignPage, url)).toEqual({failed: 'TypeError: Failed to fetch'});
  expect(await gateway.stop()).toBe(0);
});

test('a form or a text/plain request from another site calls no method', async () => {
  const gateway = await startGateway({upstream: service.grpc});
  const page = await browser.newPage();
  await page.goto(foreign);
  const metrics = async () => (await fetch(`http://${gateway.admin}/metrics`)).text();
  const calls = async () => Number(/^grpc_client_started_total\{.*\} (\d+)$/m.exec(await metrics())?.[1] ?? 0);
  const before = await calls();
  // The browser sends these without a preflight request and hides the response: the gateway's metrics show the calls.
  await page.evaluate(
    (url) => fetch(url, {method: 'POST', mode: 'no-cors', body: '{"message":"forged"}'}),
    `http://${gateway.http}${SUBSCRIBE}`,
  );
  const navigated = page.waitForResponse((response) => response.url().endsWith(SUBSCRIBE));
  await page.evaluate((url) => {
    const form = Object.assign(document.createElement('form'), {method: 'POST', action: url, enctype: 'text/plain'});
    form.append(Object.assign(document.createElement('input'), {name: '{"message":"', value: 'forged"}'}));
    document.body.append(form);
    form.submit();
  }, `http://${gateway.http}${SUBSCRIBE}`);
  expect((await navigated).status()).toBe(403);
  expect(await calls()).toBe(before);
  // A request as a program sends it is counted.
  const direct = await fetch(`http://${gateway.http}${SUBSCRIBE}`, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: '{"message":"direct","count":1}',
  });
  expect(direct.status).toBe(200);
  expect(await calls()).toBe(before + 1);
  expect(await gateway.stop()).toBe(0);
});

test('the page and its stream over HTTP/2 and TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-tls-'));
  const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', certificate, '-keyout', key],
  ]);
  const gateway = await startGateway({
    upstream: service.grpc,
    args: ['--tls-cert-file', certificate, '--tls-key-file', key],
  });
  const context = await browser.newContext({ignoreHTTPSErrors: true});
  const page = await context.newPage();
  /** @type {string[]} */
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  await page.goto(`https://${gateway.http}/`);
  const protocol = () =>
    page.evaluate(() => {
      const [entry] = performance.getEntriesByType('navigation');
      return /** @type {PerformanceNavigationTiming} */ (entry).nextHopProtocol;
    });
  expect(await protocol()).toBe('h2');
  expect(await page.locator('#protocol').textContent()).toBe('HTTP/2');
  await page.fill('#interval', '20');
  await page.click('#start');
  await page.waitForFunction(() => Number(document.getElementById('total')?.textContent) >= 20);
  await page.click('#stop');
  await eventually('the stream is closed', async () => (await streamsActive(gateway.admin)) === 0);
  expect(await page.locator('#status').textContent()).toBe('Stopped');
  // Many concurrent streams on one connection: over HTTP/1.1 the seventh would wait.
  const lines = await page.evaluate(async (path) => {
    const bodies = Array.from({length: 20}, async () => {
      const response = await fetch(path, {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: '{"interval":"0.05s","count":10}',
      });
      return (await response.text()).trim().split('\n').length;
    });
    return Promise.all(bodies);
  }, SUBSCRIBE);
  expect(lines).toEqual(Array.from({length: 20}, () => 11));
  await page.getByRole('link', {name: 'Console'}).click();
  await page.getByRole('button', {name: /^Subscribe/}).waitFor();
  await page.locator('#json').fill('{"interval":"0.02s","count":3}');
  await page.getByRole('button', {name: 'Send'}).click();
  await page.waitForFunction(() => document.querySelectorAll('#lines .row').length === 4);
  expect(await protocol()).toBe('h2');
  expect(problems).toEqual([]);
  await context.close();
  rmSync(folder, {recursive: true});
  expect(await gateway.stop()).toBe(0);
});

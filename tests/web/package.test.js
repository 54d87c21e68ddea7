// The npm package: packed, installed into an empty project, and used there.
import {execFile} from 'node:child_process';
import {cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {gzipSync} from 'node:zlib';

import {rolldown} from 'rolldown';
import {afterAll, beforeAll, expect, onTestFinished, test} from 'vitest';

import {EXPECTED} from './scenario.js';
import {scenarioServer} from './scenario_server.js';

const MAX_BYTES = 3072;

const run = promisify(execFile);
const here = import.meta.dirname;
const client = path.join(here, '../../web/client');
const {resolve} = createRequire(import.meta.url);
const tsc = path.join(path.dirname(resolve('typescript/package.json')), 'bin/tsc');

/** @type {string} The project in which the package is installed. */
let project;
/** @type {string} */
let scratch;
/** @type {string[]} The files of the package. */
let packed;

/** Runs the npm of the current Node. @param {string} cwd @param {string[]} args */
const npm = async (cwd, ...args) => {
  const bin = path.dirname(await realpath(process.execPath));
  const cli = path.join(bin, '../lib/node_modules/npm/bin/npm-cli.js');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const env = {PATH: `${bin}:${process.env['PATH']}`, HOME: scratch, npm_config_cache: path.join(scratch, 'cache')};
  return (await run(process.execPath, [cli, ...args, ...quiet], {cwd, env})).stdout;
};

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'package-'));
  const source = path.join(scratch, 'web/client');
  project = path.join(scratch, 'project');
  await mkdir(project);
  await cp(client, source, {recursive: true, dereference: true});
  await cp(path.join(client, '../tsconfig.json'), path.join(source, '../tsconfig.json'));
  await symlink(path.resolve(path.dirname(tsc), '../..'), path.join(scratch, 'web/node_modules'));

  // The `prepack` script writes the type declarations.
  const [tarball] = JSON.parse(await npm(source, 'pack', '--json'));
  packed = tarball.files.map((/** @type {{path: string}} */ file) => file.path).sort();
  await writeFile(path.join(project, 'package.json'), '{"private": true, "type": "module"}');
  await npm(project, 'install', path.join(source, tarball.filename));
}, 120_000);
afterAll(() => rm(scratch, {recursive: true}));

test('contains only the client and its types', async () => {
  expect(packed).toEqual([
    'README.md',
    'fetch-event-error.js',
    'fetch-event-target.js',
    'ndjson.js',
    'package.json',
    'retry-policy.js',
    'types/fetch-event-error.d.ts',
    'types/fetch-event-target.d.ts',
    'types/ndjson.d.ts',
    'types/retry-policy.d.ts',
  ]);
  const {dependencies, sideEffects} = JSON.parse(
    await readFile(path.join(project, 'node_modules/penstock-fetch-event-target/package.json'), 'utf8'),
  );
  expect([dependencies, sideEffects]).toEqual([undefined, false]);
});

test('works in Node', async () => {
  const server = await scenarioServer();
  onTestFinished(() => server.close());
  const scenario = await readFile(path.join(here, 'scenario.js'), 'utf8');
  await writeFile(
    path.join(project, 'scenario.js'),
    scenario.replaceAll('../../web/client/fetch-event-target.js', 'penstock-fetch-event-target'),
  );
  await writeFile(
    path.join(project, 'use.js'),
    `import {streamEvents} from './scenario.js';
     import {LineDecoder} from 'penstock-fetch-event-target/ndjson.js';
     const lines = new LineDecoder().push(new TextEncoder().encode('1\\n'));
     console.log(JSON.stringify([await streamEvents(process.argv[2]), lines]));`,
  );
  const {stdout, stderr} = await run(process.execPath, ['use.js', server.url], {cwd: project});
  expect([JSON.parse(stdout), stderr]).toEqual([[EXPECTED, ['1']], '']);
});

/** Compiles a TypeScript file in the project and returns the compiler's output. @param {string} text */
const compile = async (text) => {
  await writeFile(path.join(project, 'use.ts'), text);
  const options = [
    '--strict',
    '--noEmit',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    'es2022,dom',
    '--types',
    '',
  ];
  try {
    return (await run(process.execPath, [tsc, ...options, 'use.ts'], {cwd: project})).stdout;
  } catch (error) {
    return /** @type {{stdout: string}} */ (error).stdout;
  }
};

const USE = `
import {FetchEventError, FetchEventTarget, type CloseInfo, type StreamRecord} from 'penstock-fetch-event-target';
import {LineDecoder} from 'penstock-fetch-event-target/ndjson.js';

interface Tick { sequence: string }
const ticks = new FetchEventTarget<Tick>('/v1/ticks:subscribe', {
  json: {message: 'hello'},
  headers: async () => ({authorization: 'Bearer x'}),
  credentials: 'include',
  retry: {limit: 5, idempotent: true},
  onMalformed: 'skip',
});
ticks.addEventListener('tick', (event) => event.data.sequence.length + event.lastEventId.length);
ticks.addEventListener('message', ({record}) => record.type.length);
ticks.addEventListener('retry', ({delay, attempt, cause}) => delay + attempt + cause.status);
ticks.addEventListener('error', ({error, willRetry}) => willRetry || error.rpc?.code === 14);
ticks.addEventListener('close', ({reason, wasClean, status}) => [reason.length, wasClean, status.toFixed()], {once: true});
const target: EventTarget = ticks;
const state: number = ticks.readyState + FetchEventTarget.OPEN;
const ended: Promise<CloseInfo> = ticks.closed;
const stream: ReadableStream<StreamRecord<Tick>> = ticks.records();
for await (const {data, id} of ticks) data.sequence + (id ?? '');
if ((await ended).error instanceof FetchEventError) ticks.close('enough');
const lines: (string | Error)[] = new LineDecoder(1024).push(new Uint8Array());
export {target, state, stream, lines};
`;

test('has types', async () => {
  expect(await compile(USE)).toBe('');
});

test.each([
  ['a code that does not exist', `if ((await ticks.closed).error?.code === 'nonsense') ticks.close();`, 'TS2367'],
  ['an option of the wrong type', `new FetchEventTarget('/', {retry: {limit: '5'}});`, 'TS2322'],
  ['a property that is read-only', `ticks.url = '/';`, 'TS2540'],
  ['a field that the message lacks', `ticks.addEventListener('tick', (event) => event.data.time);`, 'TS2339'],
  ['a field that the event lacks', `ticks.addEventListener('close', (event) => event.code);`, 'TS2339'],
])('its types reject %s', async (_, line, code) => {
  expect(await compile(USE + line)).toContain(code);
});

test(`is at most ${MAX_BYTES} bytes, minified and gzipped`, async () => {
  const bundle = await rolldown({
    input: path.join(project, 'node_modules/penstock-fetch-event-target/fetch-event-target.js'),
  });
  const {output} = await bundle.generate({minify: true});
  await bundle.close();
  expect(output.length).toBe(1);
  const {length} = gzipSync(output[0].code, {level: 9});
  console.log(`the client: ${output[0].code.length} bytes minified, ${length} of ${MAX_BYTES} gzipped`);
  expect(length).toBeLessThanOrEqual(MAX_BYTES);
});

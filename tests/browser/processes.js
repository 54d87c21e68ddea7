// @ts-check
/**
 * The real service and the real gateway, as processes that do not outlive the test.
 *
 *     const service = await startService({});
 *     const gateway = await startGateway({upstream: service.grpc});
 *     await fetch(`http://${gateway.http}/`);
 *     await gateway.stop();
 *     await service.stop();
 *
 * SERVICE and GATEWAY name the binaries.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import net from 'node:net';
import {createInterface} from 'node:readline';

const START_MS = 30_000;
const POLL_MS = 20;
// Nobody watches these drains.
const QUICK_DRAIN = ['--drain-delay', '0s', '--drain-window', '1s'];

/** @typedef {Awaited<ReturnType<typeof start>>} Process */

/**
 * Waits until `check` gives something.
 * @template T
 * @param {string} what for the message of the failure
 * @param {() => Promise<T | undefined | false>} check
 * @returns {Promise<T>}
 */
export const eventually = async (what, check, ms = START_MS) => {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** A port that nobody has now: for a server that must come back where it was. */
export const freePort = async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
};

/**
 * @param {string} variable that names the binary
 * @param {string[]} args
 */
const start = async (variable, args) => {
  const binary = process.env[variable];
  if (!binary) throw new Error(`${variable} must name the binary`);
  // The kernel ends it if this process dies without saying so.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', binary, ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  const exited = once(child, 'exit');
  /** @type {string[]} */
  const log = [];
  /** @type {Promise<Record<string, string>>} */
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        log.push(line);
        const [, rest] = / ready ((?: ?\w+=\S+)+)$/.exec(line) ?? [];
        if (rest) resolve(Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
      });
    }
    exited.then(([code, signal]) => reject(new Error(`${binary} ended (${code ?? signal}):\n${log.join('\n')}`)));
    setTimeout(() => reject(new Error(`${binary} is not ready:\n${log.join('\n')}`)), START_MS).unref();
  });
  const addresses = await ready.catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return {
    addresses,
    log,
    /** @param {NodeJS.Signals} [signal] @returns {Promise<number | null>} the exit code */
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
};

/** @param {{port?: number}} options */
export const startService = async ({port = 0}) => {
  const process = await start('SERVICE', [
    '--listen',
    `127.0.0.1:${port}`,
    '--admin-listen',
    '127.0.0.1:0',
    ...QUICK_DRAIN,
  ]);
  return {...process, grpc: `${process.addresses['grpc']}`};
};

/** Until the gateway knows its upstream. @param {string} admin */
export const gatewayReady = (admin) =>
  eventually('the gateway is ready', async () => (await fetch(`http://${admin}/readyz`)).ok);

/** @param {{upstream: string, port?: number, args?: string[]}} options */
export const startGateway = async ({upstream, port = 0, args = []}) => {
  const process = await start('GATEWAY', [
    '--listen',
    `127.0.0.1:${port}`,
    '--admin-listen',
    '127.0.0.1:0',
    '--upstream',
    upstream,
    ...QUICK_DRAIN,
    ...args,
  ]);
  const {http, admin} = process.addresses;
  await gatewayReady(`${admin}`);
  return {...process, http: `${http}`, admin: `${admin}`};
};

/**
 * How many streams the gateway has open.
 * @param {string} admin
 */
export const streamsActive = async (admin) => {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  const [, value] = /^penstock_streams_active(?:\{[^}]*\})? (\d+)/m.exec(text) ?? [];
  if (value === undefined) throw new Error('the gateway tells no penstock_streams_active');
  return Number(value);
};

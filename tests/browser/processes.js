// @ts-check
/**
 * Starts the service and the gateway as child processes that are killed when the test process exits.
 *
 *     const service = await startService({});
 *     const gateway = await startGateway({upstream: service.grpc});
 *     await fetch(`http://${gateway.http}/`);
 *     await gateway.stop();
 *     await service.stop();
 *
 * The environment variables SERVICE and GATEWAY name the binaries.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import net from 'node:net';
import {createInterface} from 'node:readline';

const START_MS = 30_000;
const POLL_MS = 20;
// The tests do not depend on a graceful drain.
const QUICK_DRAIN = ['--drain-delay', '0s', '--drain-window', '1s'];

/** @typedef {Awaited<ReturnType<typeof start>>} Process */

/**
 * Waits until `check` returns a truthy value.
 * @template T
 * @param {string} what for the error message
 * @param {() => Promise<T | undefined | false>} check
 * @returns {Promise<T>}
 */
export const eventually = async (what, check, ms = START_MS) => {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`timed out after ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** Finds a free port, for a server that is restarted on the same port. */
export const freePort = async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
};

/**
 * @param {string} variable environment variable that names the binary
 * @param {string[]} args
 */
const start = async (variable, args) => {
  const binary = process.env[variable];
  if (!binary) throw new Error(`environment variable ${variable} is not set: it must name the binary`);
  // The kernel kills it if this process dies.
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
    exited.then(([code, signal]) => reject(new Error(`${binary} exited (${code ?? signal}):\n${log.join('\n')}`)));
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

/** Waits until the gateway is ready: it has loaded the schema of its upstream. @param {string} admin */
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
 * The number of open streams of the gateway.
 * @param {string} admin
 */
export const streamsActive = async (admin) => {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  const [, value] = /^penstock_streams_active(?:\{[^}]*\})? (\d+)/m.exec(text) ?? [];
  if (value === undefined) throw new Error('the metric penstock_streams_active is missing');
  return Number(value);
};

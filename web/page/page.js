// @ts-check
/**
 * The page: subscribes to the tick service and shows its messages as they arrive.
 *
 * Data from the server is only ever assigned to `textContent`.
 */

import {FetchEventTarget} from '../client/fetch-event-target.js';

import {PATH, curlCommand, grpcurlCommand, tickRequest} from './commands.js';
import {explain, fieldViolations, shortReason} from './explain.js';
import {Feed} from './feed.js';
import {Figures} from './figures.js';
import {clip, formatBytes, formatClock, formatDuration, formatNumber} from './format.js';
import {drawSparkline} from './sparkline.js';
import {tappedFetch} from './tapped-fetch.js';

const FIGURES_MS = 250;
// Three of the gateway's heartbeat intervals.
const IDLE_MS = 45_000;
// The gateway sends response headers within a second, even if the service has not sent a message.
const SLOW_CONNECT_MS = 3000;
const NOT_STARTED = 'Press Start to subscribe. Messages appear here as they arrive.';
const FIELDS = ['message', 'interval', 'count'];

/** @typedef {{time: string, message: string, sequence: string}} Tick */
/** @typedef {import('../client/fetch-event-target.js').StreamRecord<Tick>} TickRecord */
/** @typedef {{record: TickRecord, interval: number, skipped: number}} TickItem */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const inputById = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
const buttonById = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));

const form = /** @type {HTMLFormElement} */ (byId('form'));
const start = buttonById('start');
const stop = buttonById('stop');
const pause = buttonById('pause');
const spark = /** @type {HTMLCanvasElement} */ (byId('spark'));

const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
/** The protocol of the page, which its streams share: a fetch() reports its own only when the body has ended. */
const protocol = navigation?.nextHopProtocol ?? '';

/** @type {FetchEventTarget<Tick> | undefined} */
let stream;
let figures = new Figures(performance.now());
/** @type {number[]} The data of the sparkline. */
let drawn = [];
let paused = false;
/** The number of messages received since the lists were paused. */
let pausedCount = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let figuresTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let countdownTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let slowTimer;

// ---- Request and shell commands

const request = () =>
  tickRequest(inputById('message').value, inputById('interval').valueAsNumber, inputById('count').valueAsNumber);

const showCommands = () => {
  if (!form.checkValidity()) return;
  byId('curl').textContent = curlCommand(request(), document.baseURI);
  byId('grpcurl').textContent = grpcurlCommand(request(), document.baseURI);
};

/** @param {HTMLElement} element */
const copyText = async (element) => {
  try {
    await navigator.clipboard.writeText(`${element.textContent}`);
    return true;
  } catch {
    // Pages over plain HTTP have no clipboard API, except on localhost: selects the text, for Ctrl+C.
    getSelection()?.selectAllChildren(element);
    return false;
  }
};

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-copy]'))) {
  button.addEventListener('click', async () => {
    button.textContent = (await copyText(byId(`${button.dataset.copy}`))) ? 'Copied' : 'Selected';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
}

// ---- State

/**
 * @param {'idle' | 'connecting' | 'open' | 'retry' | 'ended' | 'failed'} state
 * @param {string} text
 */
const showState = (state, text) => {
  clearInterval(countdownTimer);
  clearTimeout(slowTimer);
  byId('hint').hidden = true;
  byId('countdown').textContent = '';
  byId('state').dataset.state = state;
  byId('status').textContent = text;
};

const showConnecting = () => {
  showState('connecting', 'Connecting');
  slowTimer = setTimeout(() => {
    byId('hint').hidden = false;
    byId('hint').textContent =
      protocol === 'http/1.1'
        ? 'No response yet. Browsers open at most six HTTP/1.1 connections per host, and streams in other tabs ' +
          'may be using all of them. Stop one of those streams to continue.'
        : 'No response yet.';
  }, SLOW_CONNECT_MS);
};

/**
 * Shows a countdown next to the status, outside of it so that screen readers do not announce it every second.
 * @param {number} delay
 */
const showRetry = (delay) => {
  const due = performance.now() + delay;
  const showCountdown = () => {
    byId('countdown').textContent = ` in ${Math.max(0, Math.ceil((due - performance.now()) / 1000))} s`;
  };
  showState('retry', 'Retrying');
  showCountdown();
  countdownTimer = setInterval(showCountdown, 250);
};

/** @param {boolean} running */
const showRunning = (running) => {
  const [off, on] = running ? [start, stop] : [stop, start];
  const focused = document.activeElement === off;
  off.disabled = true;
  on.disabled = false;
  byId('empty').textContent = running ? 'Waiting for the first message.' : NOT_STARTED;
  // Disabling a focused button would lose the focus.
  if (focused) on.focus();
};

/** @param {import('../client/fetch-event-target.js').FetchEventError | undefined} error */
const showError = (error) => {
  const fields = error ? fieldViolations(error) : [];
  for (const name of FIELDS) {
    inputById(name).ariaInvalid = `${fields.some(({field}) => field.split('.')[0] === name)}`;
  }
  byId('error').hidden = !error;
  if (!error) return;
  const {title, text, codes} = explain(error);
  byId('error-title').textContent = title;
  byId('error-text').textContent = fields.length > 0 ? '' : text;
  byId('error-codes').textContent = codes;
  byId('error-fields').replaceChildren(
    ...fields.map(({field, description}) => {
      const item = document.createElement('li');
      const name = document.createElement('b');
      name.textContent = field;
      item.append(name, ` ${description}`);
      return item;
    }),
  );
};

// ---- Statistics

const showPause = () => {
  pause.textContent = paused ? `Resume (${formatNumber(pausedCount)})` : 'Pause';
};

const showFigures = () => {
  const {count, skipped, bytes, rate, byteRate, p50, p99, history} = figures.read(performance.now());
  byId('total').textContent = formatNumber(count);
  byId('skipped').textContent = formatNumber(skipped);
  byId('rate').textContent = count ? formatNumber(rate) : '–';
  byId('byte-rate').textContent = bytes ? formatBytes(byteRate) : '–';
  byId('p50').textContent = formatDuration(p50);
  byId('p99').textContent = formatDuration(p99);
  const peak = Math.max(0, ...history);
  byId('peak').textContent = peak ? `peak ${formatNumber(peak)}/s` : '';
  drawn = history;
  drawSparkline(spark, drawn);
  showPause();
};

// Between streams there is no timer that redraws it.
const redraw = () => drawSparkline(spark, drawn);
new ResizeObserver(redraw).observe(spark);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

// ---- The lists

/**
 * @param {string} className
 * @param {string} text
 */
const span = (className, text) => {
  const element = document.createElement('span');
  element.className = className;
  element.textContent = text;
  return element;
};

const emptyRow = () => {
  const row = document.createElement('div');
  row.className = 'row';
  return row;
};

/** @param {TickItem} item */
const tickRow = ({record: {type, data}, interval, skipped}) => {
  const row = emptyRow();
  const since = span('interval', Number.isNaN(interval) ? '' : formatDuration(interval));
  if (type === 'tick') {
    row.append(span('sequence', data.sequence), span('time', formatClock(data.time)), since);
    row.append(span('text', clip(data.message)));
    if (skipped) row.append(span('skipped', `${formatNumber(skipped)} skipped before`));
  } else {
    row.append(span('sequence', ''), span('time', type), since, span('text', clip(JSON.stringify(data))));
  }
  return row;
};

/** @param {string} line */
const lineRow = (line) => {
  const row = emptyRow();
  row.textContent = clip(line);
  return row;
};

/** @type {Feed<TickItem>} */
const ticks = new Feed(byId('feed'), tickRow);
/** @type {Feed<string>} */
const lines = new Feed(byId('lines'), lineRow);
let shown = /** @type {Feed<any>} */ (ticks);

const showEmpty = () => {
  byId('empty').hidden = !shown.isEmpty;
};

for (const feed of [ticks, lines]) {
  feed.onFollow = (follows) => {
    if (feed === shown) byId('latest').hidden = follows;
  };
}
byId('latest').addEventListener('click', () => {
  shown.follow();
  byId(shown === ticks ? 'feed' : 'lines').focus();
});

/** @param {TickRecord} record */
const receive = (record) => {
  const sequence = record.type === 'tick' ? Number(record.data.sequence) : undefined;
  ticks.push({record, ...figures.add(performance.now(), sequence)});
  showEmpty();
  if (paused) pausedCount++;
};

const clear = () => {
  ticks.clear();
  lines.clear();
  showEmpty();
};

// ---- One stream

const subscribe = () => {
  stream?.close();
  clear();
  showError(undefined);
  figures = new Figures(performance.now());
  clearInterval(figuresTimer);
  figuresTimer = setInterval(showFigures, FIGURES_MS);
  showFigures();
  showConnecting();
  showRunning(true);

  const ourFigures = figures;
  const fetch = tappedFetch({
    onBytes: (count) => ourFigures.addBytes(performance.now(), count),
    onLine: (line) => {
      if (stream !== ours) return;
      lines.push(line);
      showEmpty();
    },
  });
  /** @type {FetchEventTarget<Tick>} */
  const ours = new FetchEventTarget(PATH, {json: request(), idleTimeout: IDLE_MS, fetch});
  stream = ours;
  ours.addEventListener('open', () => {
    showError(undefined);
    showState('open', 'Open');
  });
  ours.addEventListener('message', ({record}) => receive(record));
  ours.addEventListener('error', ({error}) => showError(error));
  ours.addEventListener('retry', ({delay}) => {
    showRetry(delay);
    // There is no event at the end of the wait.
    setTimeout(
      () => {
        if (stream === ours && ours.readyState === FetchEventTarget.CONNECTING) showConnecting();
      },
      Math.min(delay, 2 ** 31 - 1),
    );
  });
  ours.addEventListener('close', ({wasClean, status, error}) => {
    if (stream !== ours) return;
    stream = undefined;
    clearInterval(figuresTimer);
    showFigures();
    showRunning(false);
    if (wasClean) showState('ended', `Closed · end of stream · HTTP ${status}`);
    else if (error) showState('failed', `Closed · ${shortReason(error)}`);
    else showState('idle', 'Stopped');
  });
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  subscribe();
});
form.addEventListener('input', ({target}) => {
  // The value that the server rejected has changed.
  /** @type {HTMLInputElement} */ (target).ariaInvalid = 'false';
  showCommands();
});
stop.addEventListener('click', () => stream?.close());
document.addEventListener('keydown', ({key}) => {
  if (key === 'Escape') stream?.close();
});
// Browsers do not keep a page with an open connection in the back/forward cache.
addEventListener('pagehide', () => stream?.close());

byId('clear').addEventListener('click', clear);
pause.addEventListener('click', () => {
  paused = !paused;
  pausedCount = 0;
  ticks.paused = paused;
  lines.paused = paused;
  showPause();
});
byId('views').addEventListener('change', ({target}) => {
  const asTicks = /** @type {HTMLInputElement} */ (target).value === 'ticks';
  ticks.shown = asTicks;
  lines.shown = !asTicks;
  shown = asTicks ? ticks : lines;
  byId('columns').hidden = !asTicks;
  byId('latest').hidden = shown.follows;
  showEmpty();
});

// ---- Protocol and console link

/** The name of each protocol, by ALPN ID, and what it means for streams. @type {Record<string, [string, string]>} */
const PROTOCOLS = {
  'http/1.1': [
    'HTTP/1.1',
    'This page was loaded over HTTP/1.1. Browsers open at most six HTTP/1.1 connections per host, across all tabs: ' +
      'a seventh stream waits until another one closes.',
  ],
  h2: ['HTTP/2', 'This page was loaded over HTTP/2: all streams share one connection.'],
};
const [name, note] = PROTOCOLS[protocol] ?? [protocol, ''];
byId('protocol').textContent = name;
byId('protocol-note').textContent = note;

// The console exists unless the gateway runs with --console=off.
fetch('console.html', {method: 'HEAD'}).then(
  ({ok}) => (byId('console').hidden = !ok),
  () => {},
);

showCommands();
byId('empty').textContent = NOT_STARTED;

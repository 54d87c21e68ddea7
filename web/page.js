// @ts-check
/**
 * The page: subscribes to ticks and shows them as they come.
 *
 * What a server sends is shown with `textContent` and nothing else. The list holds 500 rows at most and changes once a
 * frame, so that a stream of any speed costs the same.
 */

import {PATH, curlCommand, grpcurlCommand, tickRequest} from './commands.js';
import {ending, explain, fieldViolations} from './explain.js';
import {FetchEventTarget} from './fetch-event-target.js';
import {Figures} from './figures.js';

const MAX_ROWS = 500;
const FIGURES_MS = 250;
// Three of the gateway's heartbeats missed: nobody is there any more.
const IDLE_MS = 45_000;
// Within this of its end the list follows what comes.
const FOLLOW_PX = 48;
const NOTHING_YET = 'Press Start, and each message appears here as it arrives.';

/** @typedef {{time: string, message: string, sequence: string}} Tick */
/** @typedef {import('./fetch-event-target.js').StreamRecord<Tick>} TickRecord */
/** @typedef {{record: TickRecord, skipped: number}} Row */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const inputById = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
const buttonById = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));

const form = /** @type {HTMLFormElement} */ (byId('form'));
const feed = byId('feed');
const start = buttonById('start');
const stop = buttonById('stop');
const pause = buttonById('pause');
const raw = buttonById('raw');

/** @type {FetchEventTarget<Tick> | undefined} */
let stream;
let figures = new Figures(performance.now());
/** @type {Row[]} What has come since the last frame; only what the list can hold is kept. */
let pending = [];
let frame = 0;
let paused = false;
/** How many have come since the list was paused. */
let held = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let figuresTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let countdownTimer;

// ---- The request, and the same for a shell

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
    // A page from another host over plain HTTP has no clipboard: what is selected, Ctrl-C copies.
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
  byId('countdown').textContent = '';
  byId('state').dataset.state = state;
  byId('status').textContent = text;
};

/**
 * Counts down beside the status, which is read aloud once and not every second.
 * @param {number} delay
 */
const showRetry = (delay) => {
  const due = performance.now() + delay;
  const tell = () => {
    byId('countdown').textContent = ` in ${Math.max(0, Math.ceil((due - performance.now()) / 1000))} s`;
  };
  showState('retry', 'Retry');
  tell();
  countdownTimer = setInterval(tell, 250);
};

/** @param {boolean} running */
const showRunning = (running) => {
  const [off, on] = running ? [start, stop] : [stop, start];
  const focused = document.activeElement === off;
  off.disabled = true;
  on.disabled = false;
  byId('empty').textContent = running ? 'Waiting for the first message.' : NOTHING_YET;
  // A button that is switched off would take the focus with it.
  if (focused) on.focus();
};

/** @param {import('./fetch-event-target.js').FetchEventError | undefined} error */
const showFault = (error) => {
  const fields = error ? fieldViolations(error) : [];
  for (const name of ['message', 'interval', 'count']) {
    inputById(name).toggleAttribute(
      'aria-invalid',
      fields.some(({field}) => field.split('.')[0] === name),
    );
  }
  byId('fault').hidden = !error;
  if (!error) return;
  const {title, text, codes} = explain(error);
  byId('fault-title').textContent = title;
  byId('fault-text').textContent = fields.length > 0 ? '' : text;
  byId('fault-codes').textContent = codes;
  byId('fault-fields').replaceChildren(
    ...fields.map(({field, description}) => {
      const item = document.createElement('li');
      const name = document.createElement('b');
      name.textContent = field;
      item.append(name, ` ${description}`);
      return item;
    }),
  );
};

// ---- Figures

const number = new Intl.NumberFormat('en', {maximumFractionDigits: 1});

/** @param {number} ms */
const duration = (ms) =>
  Number.isNaN(ms)
    ? '–'
    : ms < 10
      ? `${ms.toFixed(1)} ms`
      : ms < 10_000
        ? `${Math.round(ms)} ms`
        : `${number.format(ms / 1000)} s`;

const showPause = () => {
  pause.textContent = paused ? `Resume (${number.format(held)})` : 'Pause';
};

const showFigures = () => {
  const {count, skipped, rate, p50, p99, history} = figures.read(performance.now());
  byId('total').textContent = number.format(count);
  byId('skipped').textContent = number.format(skipped);
  byId('rate').textContent = count ? number.format(rate) : '–';
  byId('p50').textContent = duration(p50);
  byId('p99').textContent = duration(p99);
  const top = Math.max(1, ...history);
  const points = history.map((value, i) => `${120 - (history.length - 1 - i) * 2},${23 - (value / top) * 21}`);
  showPause();
  byId('spark').setAttribute('points', points.join(' '));
};

// ---- The list

/** @param {string} time RFC 3339 */
const clock = (time) => {
  const date = new Date(time);
  const two = (/** @type {number} */ part) => `${part}`.padStart(2, '0');
  const millis = `${date.getMilliseconds()}`.padStart(3, '0');
  return Number.isNaN(date.getTime())
    ? time
    : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
};

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

/** @param {Row} row */
const rowElement = ({record, skipped}) => {
  const {type, data} = record;
  const row = document.createElement('li');
  if (type === 'tick') {
    row.append(span('sequence', data.sequence), span('time', clock(data.time)), span('text', data.message));
    if (skipped) row.append(span('skipped', `${number.format(skipped)} skipped before`));
  } else {
    row.append(span('sequence', type), span('text', JSON.stringify(data)));
  }
  row.append(span('json', JSON.stringify(record)));
  return row;
};

const draw = () => {
  frame = 0;
  if (paused || pending.length === 0) return;
  const follows = feed.scrollHeight - feed.scrollTop - feed.clientHeight < FOLLOW_PX;
  const rows = document.createDocumentFragment();
  for (const row of pending) rows.append(rowElement(row));
  const surplus = feed.childElementCount + pending.length - MAX_ROWS;
  if (surplus >= feed.childElementCount) feed.replaceChildren();
  else for (let i = 0; i < surplus; i++) feed.firstElementChild?.remove();
  pending = [];
  feed.append(rows);
  byId('empty').hidden = true;
  if (follows) feed.scrollTop = feed.scrollHeight;
};

const drawSoon = () => {
  frame ||= requestAnimationFrame(draw);
};

/** @param {TickRecord} record */
const receive = (record) => {
  const sequence = record.type === 'tick' ? Number(record.data.sequence) : undefined;
  const skipped = figures.add(performance.now(), sequence);
  pending.push({record, skipped});
  if (pending.length > MAX_ROWS) pending.shift();
  if (paused) held++;
  drawSoon();
};

const clear = () => {
  pending = [];
  feed.replaceChildren();
  byId('empty').hidden = false;
};

// ---- One stream

const subscribe = () => {
  stream?.close();
  clear();
  showFault(undefined);
  figures = new Figures(performance.now());
  clearInterval(figuresTimer);
  figuresTimer = setInterval(showFigures, FIGURES_MS);
  showFigures();
  showState('connecting', 'Connecting');
  showRunning(true);

  /** @type {FetchEventTarget<Tick>} */
  const ours = new FetchEventTarget(PATH, {json: request(), idleTimeout: IDLE_MS});
  stream = ours;
  ours.addEventListener('open', () => {
    showFault(undefined);
    showState('open', 'Open');
  });
  ours.addEventListener('message', ({record}) => receive(record));
  ours.addEventListener('error', ({error}) => showFault(error));
  ours.addEventListener('retry', ({delay}) => {
    showRetry(delay);
    // Nothing else tells that the wait is over.
    setTimeout(
      () => {
        if (stream === ours && ours.readyState === FetchEventTarget.CONNECTING) showState('connecting', 'Connecting');
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
    if (wasClean) showState('ended', `Closed · ended by the service · HTTP ${status}`);
    else if (error) showState('failed', `Closed · ${ending(error)}`);
    else showState('idle', 'Stopped');
  });
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  subscribe();
});
form.addEventListener('input', showCommands);
stop.addEventListener('click', () => stream?.close());
document.addEventListener('keydown', ({key}) => {
  if (key === 'Escape') stream?.close();
});
// The browser keeps a left page for the way back, but not with a connection of its own.
addEventListener('pagehide', () => stream?.close());

byId('clear').addEventListener('click', clear);
pause.addEventListener('click', () => {
  paused = !paused;
  held = 0;
  showPause();
  drawSoon();
});
raw.addEventListener('click', () => {
  const on = raw.getAttribute('aria-pressed') !== 'true';
  raw.setAttribute('aria-pressed', `${on}`);
  feed.classList.toggle('raw', on);
});

// ---- What the page knows about itself

/** What the protocol of the page means for its streams. @type {Record<string, string>} */
const PROTOCOLS = {
  'http/1.1':
    'This page came over HTTP/1.1. A browser opens at most six such connections to one host: ' +
    'a seventh stream, in whichever tab, waits.',
  h2: 'This page came over HTTP/2: its streams share one connection.',
};
const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
byId('protocol').textContent = PROTOCOLS[navigation?.nextHopProtocol ?? ''] ?? '';

showCommands();
byId('empty').textContent = NOTHING_YET;

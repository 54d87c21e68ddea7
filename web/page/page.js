// @ts-check
/**
 * The page: subscribes to ticks and shows them as they come.
 *
 * What a server sends is shown with `textContent` and nothing else.
 */

import {FetchEventTarget} from '../client/fetch-event-target.js';

import {PATH, curlCommand, grpcurlCommand, tickRequest} from './commands.js';
import {ending, explain, fieldViolations} from './explain.js';
import {Feed} from './feed.js';
import {Figures} from './figures.js';
import {clip, formatBytes, formatClock, formatDuration, formatNumber} from './format.js';
import {drawSparkline} from './sparkline.js';
import {tappedFetch} from './tapped-fetch.js';

const FIGURES_MS = 250;
// Three of the gateway's heartbeats missed: nobody is there any more.
const IDLE_MS = 45_000;
// The gateway answers within a second, even where the service has nothing to say yet.
const SLOW_CONNECT_MS = 3000;
const NOTHING_YET = 'Press Start, and each message appears here as it arrives.';
const FIELDS = ['message', 'interval', 'count'];

/** @typedef {{time: string, message: string, sequence: string}} Tick */
/** @typedef {import('../client/fetch-event-target.js').StreamRecord<Tick>} TickRecord */
/** @typedef {{record: TickRecord, gap: number, skipped: number}} Arrival */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const inputById = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
const buttonById = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (byId(id));

const form = /** @type {HTMLFormElement} */ (byId('form'));
const start = buttonById('start');
const stop = buttonById('stop');
const pause = buttonById('pause');
const spark = /** @type {HTMLCanvasElement} */ (byId('spark'));

const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType('navigation'));
/** How the page came; its streams go the same way. A fetch tells only once its body has ended. */
const protocol = navigation?.nextHopProtocol ?? '';

/** @type {FetchEventTarget<Tick> | undefined} */
let stream;
let figures = new Figures(performance.now());
/** @type {number[]} What the sparkline shows. */
let drawn = [];
let paused = false;
/** How many have come since the lists were paused. */
let held = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let figuresTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let countdownTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let slowTimer;

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
        ? 'No answer yet. A browser opens at most six HTTP/1.1 connections to one host: ' +
          'streams in other tabs may hold them all.'
        : 'No answer yet.';
  }, SLOW_CONNECT_MS);
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

/** @param {import('../client/fetch-event-target.js').FetchEventError | undefined} error */
const showFault = (error) => {
  const fields = error ? fieldViolations(error) : [];
  for (const name of FIELDS) {
    inputById(name).ariaInvalid = `${fields.some(({field}) => field.split('.')[0] === name)}`;
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

const showPause = () => {
  pause.textContent = paused ? `Resume (${formatNumber(held)})` : 'Pause';
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

// Between streams nothing else draws it again.
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

/** @param {Arrival} arrival */
const tickRow = ({record: {type, data}, gap, skipped}) => {
  const row = emptyRow();
  const after = span('gap', Number.isNaN(gap) ? '' : formatDuration(gap));
  if (type === 'tick') {
    row.append(span('sequence', data.sequence), span('time', formatClock(data.time)), after);
    row.append(span('text', clip(data.message)));
    if (skipped) row.append(span('skipped', `${formatNumber(skipped)} skipped before`));
  } else {
    row.append(span('sequence', ''), span('time', type), after, span('text', clip(JSON.stringify(data))));
  }
  return row;
};

/** @param {string} line */
const lineRow = (line) => {
  const row = emptyRow();
  row.textContent = clip(line);
  return row;
};

/** @type {Feed<Arrival>} */
const ticks = new Feed(byId('feed'), tickRow);
/** @type {Feed<string>} */
const lines = new Feed(byId('lines'), lineRow);
let shown = /** @type {Feed<any>} */ (ticks);

const showEmpty = () => {
  byId('empty').hidden = !shown.isEmpty;
};

for (const feed of [ticks, lines]) {
  feed.onFollow = (follows) => {
    if (feed === shown) byId('newest').hidden = follows;
  };
}
byId('newest').addEventListener('click', () => {
  shown.follow();
  byId(shown === ticks ? 'feed' : 'lines').focus();
});

/** @param {TickRecord} record */
const receive = (record) => {
  const sequence = record.type === 'tick' ? Number(record.data.sequence) : undefined;
  ticks.push({record, ...figures.add(performance.now(), sequence)});
  showEmpty();
  if (paused) held++;
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
  showFault(undefined);
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
    if (wasClean) showState('ended', `Closed · ended by the service · HTTP ${status}`);
    else if (error) showState('failed', `Closed · ${ending(error)}`);
    else showState('idle', 'Stopped');
  });
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  subscribe();
});
form.addEventListener('input', ({target}) => {
  // What was refused has changed.
  /** @type {HTMLInputElement} */ (target).ariaInvalid = 'false';
  showCommands();
});
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
  byId('newest').hidden = shown.follows;
  showEmpty();
});

// ---- What the page knows about itself

/** What the protocol of the page means for its streams. @type {Record<string, [name: string, note: string]>} */
const PROTOCOLS = {
  'http/1.1': [
    'HTTP/1.1',
    'This page came over HTTP/1.1. A browser opens at most six such connections to one host: ' +
      'a seventh stream, in whichever tab, waits.',
  ],
  h2: ['HTTP/2', 'This page came over HTTP/2: its streams share one connection.'],
};
const [name, note] = PROTOCOLS[protocol] ?? [protocol, ''];
byId('protocol').textContent = name;
byId('protocol-note').textContent = note;

// The other view is there unless the gateway has it off.
fetch('console.html', {method: 'HEAD'}).then(
  ({ok}) => (byId('console').hidden = !ok),
  () => {},
);

showCommands();
byId('empty').textContent = NOTHING_YET;

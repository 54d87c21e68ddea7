// @ts-check
/**
 * The live console: every method that the gateway serves, a form for its request, and what comes back.
 *
 * What a server sends is shown with `textContent` and nothing else.
 */

import {FetchEventTarget} from '../client/fetch-event-target.js';
import {ending, explain} from '../page/explain.js';
import {Feed} from '../page/feed.js';
import {clip} from '../page/format.js';
import {tappedFetch} from '../page/tapped-fetch.js';

import {curlOf, httpRequest, skeleton} from './console-request.js';

/** @typedef {import('./console-request.js').Method} Method */
/** @typedef {import('./console-request.js').MethodList} MethodList */

const COPIED_MS = 1500;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const search = /** @type {HTMLInputElement} */ (byId('search'));
const form = /** @type {HTMLFormElement} */ (byId('form'));
const routes = /** @type {HTMLSelectElement} */ (byId('route'));
const json = /** @type {HTMLTextAreaElement} */ (byId('json'));
const send = /** @type {HTMLButtonElement} */ (byId('send'));
const stop = /** @type {HTMLButtonElement} */ (byId('stop'));

/** @type {MethodList} */
let list = {methods: [], messages: {}, enums: {}};
/** @type {Method | undefined} */
let chosen;
/** @type {AbortController | undefined} The request in progress. */
let running;

const lines = new Feed(byId('lines'), (/** @type {string} */ line) => {
  const row = document.createElement('div');
  row.className = 'row';
  row.textContent = clip(line);
  return row;
});

// ---- The list

const kindOf = (/** @type {Method} */ method) => {
  if (method.clientStreaming) return method.serverStreaming ? 'both ways' : 'in';
  return method.serverStreaming ? 'stream' : '';
};

const showList = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = list.methods.filter((method) => {
    const text = `${method.name} ${method.routes.map(({verb, path}) => `${verb} ${path}`).join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  byId('found').textContent = `${found.length} of ${list.methods.length}`;
  /** @type {Node[]} */
  const items = [];
  let last = '';
  for (const method of found) {
    const dot = method.name.lastIndexOf('.');
    const service = method.name.slice(0, dot);
    const item = document.createElement('li');
    if (service !== last) {
      last = service;
      const title = document.createElement('h3');
      title.textContent = service;
      item.append(title);
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = method.name.slice(dot + 1);
    button.ariaPressed = `${method === chosen}`;
    const kind = document.createElement('span');
    kind.className = 'kind';
    kind.textContent = kindOf(method);
    button.append(kind);
    button.addEventListener('click', () => choose(method));
    item.append(button);
    items.push(item);
  }
  byId('methods').replaceChildren(...items);
};

/** @param {Method} method */
const choose = (method) => {
  running?.abort();
  chosen = method;
  location.hash = method.name;
  byId('method-title').textContent = method.name;
  routes.replaceChildren(...method.routes.map(({verb, path}) => new Option(`${verb} ${path}`)));
  json.value = JSON.stringify(skeleton(list, method.input), null, 2);
  byId('json-note').textContent = method.clientStreaming ? 'one or several JSON values' : method.input;
  form.hidden = false;
  showState('idle', '');
  clear();
  showList();
  showCurl();
};

// ---- The request

/**
 * What is to be sent, or why it cannot be.
 * @returns {{method: string, path: string, body: string | undefined} | string}
 */
const request = () => {
  const route = chosen?.routes[routes.selectedIndex];
  if (!chosen || !route) return 'Choose a method.';
  // Several values have no path to fill: they go as they stand.
  if (chosen.clientStreaming) return {method: route.verb, path: route.path, body: json.value};
  try {
    return httpRequest(route, JSON.parse(json.value || '{}'));
  } catch (error) {
    return `This is no JSON: ${/** @type {Error} */ (error).message}`;
  }
};

const showCurl = () => {
  const made = request();
  const faulty = typeof made === 'string';
  json.ariaInvalid = `${faulty}`;
  byId('json-fault').textContent = faulty ? made : '';
  send.disabled = faulty || Boolean(running);
  if (!faulty) byId('curl').textContent = curlOf(made, location.href);
};

/** @param {string} state @param {string} text */
const showState = (state, text) => {
  byId('state').dataset['state'] = state;
  byId('status').textContent = text;
};

const clear = () => {
  lines.clear();
  byId('fault').hidden = true;
  byId('headers').hidden = true;
};

/** @param {{title: string, text: string, codes: string}} words */
const showFault = ({title, text, codes}) => {
  byId('fault-title').textContent = title;
  byId('fault-text').textContent = text;
  byId('fault-codes').textContent = codes;
  byId('fault').hidden = false;
};

/** @param {Response} response */
const showHead = (response) => {
  byId('header-lines').textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  byId('headers').hidden = false;
  showState('open', `HTTP ${response.status}`);
};

/** Whatever is not a stream of records: the whole answer, as it is. @param {Response} response */
const showWhole = async (response) => {
  const text = await response.text();
  try {
    for (const line of JSON.stringify(JSON.parse(text), null, 2).split('\n')) lines.push(line);
  } catch {
    for (const line of text.split('\n')) lines.push(line);
  }
  showState(response.ok ? 'ended' : 'failed', `HTTP ${response.status}`);
};

/**
 * A stream, until it ends. Every line is shown as it came; the client says how it ended.
 * @param {{method: string, path: string, body: string | undefined}} made
 * @param {RequestInit} init
 * @param {AbortSignal} signal
 */
const runStream = (made, init, signal) =>
  /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const tapped = tappedFetch({onBytes: () => {}, onLine: (line) => lines.push(line)});
      const target = new FetchEventTarget(made.path, {
        signal,
        retry: false,
        fetch: async (url, {signal: ours, headers} = {}) => {
          const merged = new Headers(headers);
          new Headers(init.headers).forEach((value, name) => merged.set(name, value));
          const response = await tapped(url, {...init, headers: merged, signal: ours ?? null});
          showHead(response);
          return response;
        },
      });
      target.addEventListener('close', ({wasClean, status, error}) => {
        if (error) showFault(explain(error));
        if (wasClean) showState('ended', `HTTP ${status} · ended by the service`);
        else if (error) showState('failed', ending(error));
        else showState('idle', 'Stopped');
        resolve();
      });
    })
  );

const run = async () => {
  const made = request();
  if (!chosen || typeof made === 'string') return;
  running?.abort();
  const ours = new AbortController();
  running = ours;
  clear();
  showState('connecting', 'Waiting for an answer');
  stop.disabled = false;
  showCurl();
  /** @type {RequestInit} */
  const init = {method: made.method};
  if (made.body !== undefined) Object.assign(init, {body: made.body, headers: {'Content-Type': 'application/json'}});
  try {
    if (chosen.serverStreaming) {
      await runStream(made, init, ours.signal);
    } else {
      const response = await fetch(made.path, {...init, signal: ours.signal});
      showHead(response);
      await showWhole(response);
    }
  } catch (error) {
    if (ours.signal.aborted) showState('idle', 'Stopped');
    else {
      showFault({title: 'No answer', text: `${/** @type {Error} */ (error).message}`, codes: ''});
      showState('failed', 'no answer');
    }
  }
  if (running !== ours) return;
  running = undefined;
  stop.disabled = true;
  showCurl();
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void run();
});
form.addEventListener('input', showCurl);
search.addEventListener('input', showList);
stop.addEventListener('click', () => running?.abort());
document.addEventListener('keydown', ({key, ctrlKey, metaKey}) => {
  if (key === 'Escape') running?.abort();
  if (key === 'Enter' && (ctrlKey || metaKey) && !send.disabled) void run();
});
// The browser keeps a left page for the way back, but not with a connection of its own.
addEventListener('pagehide', () => running?.abort());
byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(`${byId('curl').textContent}`);
  byId('copy').textContent = 'Copied';
  setTimeout(() => (byId('copy').textContent = 'Copy'), COPIED_MS);
});

try {
  const response = await fetch('console/methods');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  list = await response.json();
  showList();
  const linked = list.methods.find(({name}) => name === location.hash.slice(1)) ?? list.methods[0];
  if (linked) choose(linked);
} catch (error) {
  showFault({
    title: 'The list of methods did not come',
    text: 'The gateway may not know its service yet, or has its console off. Reload the page to ask again.',
    codes: `${/** @type {Error} */ (error).message}`,
  });
}

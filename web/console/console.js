// @ts-check
/**
 * The live console: lists the methods that the gateway serves, sends a request, and shows the response.
 *
 * Data from the server is only ever assigned to `textContent`.
 */

import {FetchEventTarget} from '../client/fetch-event-target.js';
import {explain, shortReason} from '../page/explain.js';
import {Feed} from '../page/feed.js';
import {clip} from '../page/format.js';
import {tappedFetch} from '../page/tapped-fetch.js';

import {curlCommand, httpRequest, skeleton} from './console-request.js';

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
let selected;
/** @type {AbortController | undefined} The request in progress. */
let running;

const lines = new Feed(byId('lines'), (/** @type {string} */ line) => {
  const row = document.createElement('div');
  row.className = 'row';
  row.textContent = clip(line);
  return row;
});

// ---- Method list

const kindOf = (/** @type {Method} */ method) => {
  if (method.clientStreaming) return method.serverStreaming ? 'bidi stream' : 'client stream';
  return method.serverStreaming ? 'server stream' : '';
};

const showList = () => {
  const terms = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = list.methods.filter((method) => {
    const text = `${method.name} ${method.routes.map(({verb, path}) => `${verb} ${path}`).join(' ')}`.toLowerCase();
    return terms.every((term) => text.includes(term));
  });
  byId('found').textContent = `${found.length} of ${list.methods.length} methods`;
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
    button.ariaPressed = `${method === selected}`;
    const kind = document.createElement('span');
    kind.className = 'kind';
    kind.textContent = kindOf(method);
    button.append(kind);
    button.addEventListener('click', () => select(method));
    item.append(button);
    items.push(item);
  }
  byId('methods').replaceChildren(...items);
};

/** @param {Method} method */
const select = (method) => {
  running?.abort();
  selected = method;
  location.hash = method.name;
  byId('method-title').textContent = method.name;
  routes.replaceChildren(...method.routes.map(({verb, path}) => new Option(`${verb} ${path}`)));
  json.value = JSON.stringify(skeleton(list, method.input), null, 2);
  byId('json-note').textContent = method.clientStreaming ? 'one or more JSON values' : method.input;
  form.hidden = false;
  showState('idle', '');
  clear();
  showList();
  showCurl();
};

// ---- Request

/**
 * The HTTP request to send, or an error message.
 * @returns {{method: string, path: string, body: string | undefined} | string}
 */
const buildRequest = () => {
  const route = selected?.routes[routes.selectedIndex];
  if (!selected || !route) return 'Select a method.';
  // Client streaming: the JSON values are sent unchanged, no path variables are taken from them.
  if (selected.clientStreaming) return {method: route.verb, path: route.path, body: json.value};
  try {
    return httpRequest(route, JSON.parse(json.value || '{}'));
  } catch (error) {
    return `Invalid JSON: ${/** @type {Error} */ (error).message}`;
  }
};

const showCurl = () => {
  const request = buildRequest();
  const invalid = typeof request === 'string';
  json.ariaInvalid = `${invalid}`;
  byId('json-error').textContent = invalid ? request : '';
  send.disabled = invalid || Boolean(running);
  if (!invalid) byId('curl').textContent = curlCommand(request, location.href);
};

/** @param {string} state @param {string} text */
const showState = (state, text) => {
  byId('state').dataset['state'] = state;
  byId('status').textContent = text;
};

const clear = () => {
  lines.clear();
  byId('error').hidden = true;
  byId('headers').hidden = true;
};

/** @param {{title: string, text: string, codes: string}} explanation */
const showError = ({title, text, codes}) => {
  byId('error-title').textContent = title;
  byId('error-text').textContent = text;
  byId('error-codes').textContent = codes;
  byId('error').hidden = false;
};

/** @param {Response} response */
const showHeaders = (response) => {
  byId('header-lines').textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  byId('headers').hidden = false;
  showState('open', `HTTP ${response.status}`);
};

/** Shows the body of a response that is not a stream, indented if it is JSON. @param {Response} response */
const showBody = async (response) => {
  const text = await response.text();
  try {
    for (const line of JSON.stringify(JSON.parse(text), null, 2).split('\n')) lines.push(line);
  } catch {
    for (const line of text.split('\n')) lines.push(line);
  }
  showState(response.ok ? 'ended' : 'failed', `HTTP ${response.status}`);
};

/**
 * Runs a stream to its end. Shows every line as received, and how the stream ended.
 * @param {{method: string, path: string, body: string | undefined}} request
 * @param {RequestInit} init
 * @param {AbortSignal} signal
 */
const runStream = (request, init, signal) =>
  /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const tapped = tappedFetch({onBytes: () => {}, onLine: (line) => lines.push(line)});
      const target = new FetchEventTarget(request.path, {
        signal,
        retry: false,
        fetch: async (url, {signal: ours, headers} = {}) => {
          const merged = new Headers(headers);
          new Headers(init.headers).forEach((value, name) => merged.set(name, value));
          const response = await tapped(url, {...init, headers: merged, signal: ours ?? null});
          showHeaders(response);
          return response;
        },
      });
      target.addEventListener('close', ({wasClean, status, error}) => {
        if (error) showError(explain(error));
        if (wasClean) showState('ended', `Closed · end of stream · HTTP ${status}`);
        else if (error) showState('failed', `Closed · ${shortReason(error)}`);
        else showState('idle', 'Stopped');
        resolve();
      });
    })
  );

const run = async () => {
  const request = buildRequest();
  if (!selected || typeof request === 'string') return;
  running?.abort();
  const ours = new AbortController();
  running = ours;
  clear();
  showState('connecting', 'Waiting for response');
  stop.disabled = false;
  showCurl();
  const {method, path, body} = request;
  /** @type {RequestInit} */
  const init = {method};
  if (body !== undefined) Object.assign(init, {body, headers: {'Content-Type': 'application/json'}});
  try {
    if (selected.serverStreaming) {
      await runStream(request, init, ours.signal);
    } else {
      const response = await fetch(path, {...init, signal: ours.signal});
      showHeaders(response);
      await showBody(response);
    }
  } catch (error) {
    if (ours.signal.aborted) showState('idle', 'Stopped');
    else {
      const {message} = /** @type {Error} */ (error);
      showError({title: 'Request failed', text: `${message}. Check that the gateway is running.`, codes: ''});
      showState('failed', 'Closed · request failed');
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
// Browsers do not keep a page with an open connection in the back/forward cache.
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
  if (linked) select(linked);
} catch (error) {
  showError({
    title: 'Could not load the method list',
    text: 'The gateway may not have loaded the schema yet, or may run with --console=off. Reload the page to retry.',
    codes: `${/** @type {Error} */ (error).message}`,
  });
}

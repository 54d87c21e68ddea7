// The shell commands that the page shows, parsed by a real shell.
import {execFileSync} from 'node:child_process';

import fc from 'fast-check';
import {expect, test} from 'vitest';

import {curlCommand, grpcurlCommand, shellQuote, tickRequest} from './commands.js';

/** Splits a text into words by a shell. @param {string} text @param {string} [shell] */
const words = (text, shell = '/bin/sh') =>
  execFileSync(shell, ['-c', `printf '%s\\0' ${text}`], {encoding: 'utf8'})
    .split('\0')
    .slice(0, -1);

const PAGE = 'http://localhost:8080/index.html';
const hostile = [
  `it's`,
  '$(exit 1)',
  '`exit 1`',
  '"',
  '\\',
  '!!',
  '~',
  '*',
  '; exit 1',
  "'; exit 1; '",
  '',
  ' ',
  '-n',
  '\t',
  '🌊',
  '\u2028',
];

test.each(hostile)('a shell reads %j as one word', (text) => {
  expect(words(shellQuote(text))).toEqual([text]);
  expect(words(shellQuote(text), '/bin/bash')).toEqual([text]);
});

test('a shell reads any list of quoted words, with newlines too', () => {
  const word = fc.string({unit: 'binary'}).map((text) => text.toWellFormed().replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(word, {minLength: 1, maxLength: 30}), (texts) => {
      expect(words(texts.map(shellQuote).join(' '))).toEqual(texts);
    }),
    {numRuns: 50},
  );
});

test.each(hostile)('the commands contain the message %j', (message) => {
  const request = tickRequest(message, 250, 3);
  expect(request).toEqual({message, interval: '0.25s', count: 3});
  const curl = words(curlCommand(request, PAGE));
  expect(curl).toEqual(['curl', '-N', '--json', JSON.stringify(request), 'http://localhost:8080/v1/ticks:subscribe']);
  const grpcurl = words(grpcurlCommand(request, PAGE));
  expect(grpcurl).toEqual([
    'grpcurl',
    '-plaintext',
    '-d',
    JSON.stringify(request),
    'localhost:50051',
    'penstock.tick.v1.TickService/Subscribe',
  ]);
});

test.each([
  [1, '0.001s'],
  [999, '0.999s'],
  [1000, '1s'],
  [3_600_000, '3600s'],
])('%d ms is the Duration %s', (ms, interval) => {
  expect(tickRequest('', ms, 0)).toEqual({message: '', interval});
});

test('the commands address the host that served the page', () => {
  const request = tickRequest('a', 1000, 0);
  expect(words(curlCommand(request, 'https://[::1]:8443/')).at(-1)).toBe('https://[::1]:8443/v1/ticks:subscribe');
  expect(words(grpcurlCommand(request, 'https://[::1]:8443/')).at(-2)).toBe('[::1]:50051');
  expect(words(curlCommand(request, 'https://example.org/under/here/')).at(-1)).toBe(
    'https://example.org/under/here/v1/ticks:subscribe',
  );
});

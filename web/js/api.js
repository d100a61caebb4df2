// The one place that talks to the server. Every failure is a Problem: from the server (with its
// status and the field at fault) or from the network (status 0).

import * as clock from './clock.js';

export class Problem extends Error {
  /**
   * @param {number} status 0 when no answer came
   * @param {string} detail
   * @param {string} [field]
   * @param {number} [retryAfterS]
   */
  constructor(status, detail, field = '', retryAfterS = 0) {
    super(detail);
    this.status = status;
    this.field = field;
    this.retryAfterS = retryAfterS;
  }
  /** No answer, or one that says "later": asking again is right. */
  get passing() { return this.status === 0 || this.status === 429 || this.status >= 500; }
}

const kTimeoutMs = 20_000;

/**
 * @param {string} method
 * @param {string} path
 * @param {{body?: object, headers?: Record<string, string>}} [options]
 * @returns {Promise<any>} the parsed answer, or null when it has no body
 */
export async function call(method, path, options = {}) {
  const headers = { Accept: 'application/json', ...options.headers };
  /** @type {RequestInit} */
  const init = { method, headers, cache: 'no-store', signal: AbortSignal.timeout(kTimeoutMs) };
  if (options.body) {
    init.body = JSON.stringify(options.body);
    init.headers = { ...headers, 'Content-Type': 'application/json' };
  }
  const askedAt = performance.now();
  let answer;
  let text;
  try {
    answer = await fetch(path, init);
    text = await answer.text();
  } catch {
    throw new Problem(0, 'The server does not answer.');
  }
  clock.hear(answer.headers.get('Date'), askedAt);
  const body = parsed(text);
  if (answer.ok) return body;
  const detail = body?.detail || body?.title || `The server said ${answer.status}.`;
  const retryAfterS = Number(answer.headers.get('Retry-After') ?? 0) || 0;
  throw new Problem(answer.status, detail, body?.field ?? '', retryAfterS);
}

/** @param {string} text */
function parsed(text) {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {string} path */
export const get = (path) => call('GET', path);

/**
 * @param {string} path
 * @param {object} [body]
 * @param {Record<string, string>} [headers]
 */
export const post = (path, body = {}, headers = {}) => call('POST', path, { body, headers });

/**
 * What to say to a person about a failure.
 * @param {unknown} error
 */
export function said(error) {
  if (!(error instanceof Problem)) return 'Something went wrong on this page. Please reload it.';
  if (error.status === 0) {
    return 'The server does not answer. Is it running, and is the network up?';
  }
  if (error.status === 429) {
    return `That was too often. Please try again in ${error.retryAfterS || 'a few'} seconds.`;
  }
  return error.message;
}

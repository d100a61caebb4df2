// The world of a browser test: the real program (HOWDAH_BINARY) with a state folder of its own on
// any free port, and Chromium. Everything is waited for with a bound, nothing is slept for.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
/** @type {typeof import('../../web/node_modules/playwright-core/index.js')} */
const { chromium } = require('playwright-core');

/** @typedef {import('../../web/node_modules/playwright-core/index.js').Page} Page */
/** @typedef {import('../../web/node_modules/playwright-core/index.js').Browser} Browser */
/** @typedef {import('../../web/node_modules/playwright-core/index.js').BrowserContext} Profile */
/** @typedef {import('../../web/js/types.js').Meeting} Meeting */

// Long enough for a sanitized build on a busy machine; nothing is expected to take so long.
export const kBoundMs = 60_000;

/**
 * Waits until `look` answers something true, and answers that.
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} look
 * @param {number} [boundMs]
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, look, boundMs = kBoundMs) {
  const last = performance.now() + boundMs;
  let seen;
  for (;;) {
    seen = await look();
    if (seen) return /** @type {NonNullable<T>} */ (seen);
    if (performance.now() > last) assert.fail(`in ${boundMs} ms this did not become true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The configuration of a test server; times are short where no test needs them long. */
const kDefaults = {
  server: { listen: '127.0.0.1:0' },
  meeting: {
    length_min: '1m', used_after: '1s', poll_starting: '200ms', presence_period: '1s',
    reconcile_hot: '2s', leave_grace: '5m', miss_spacing: '1s', terminate_retry: '1s',
  },
  desktops: { limits: 'best effort' },
};

/** @param {Record<string, Record<string, any>>} sections */
function toml(sections) {
  return Object.entries(sections).map(([name, fields]) => `[${name}]\n${Object.entries(fields)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`).join('')}`).join('\n');
}

export class Server {
  /** @param {Record<string, Record<string, any>>} [overrides] */
  constructor(overrides = {}) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'howdah-e2e-'));
    /** @type {Record<string, Record<string, any>>} */
    this.config = { state: { folder: path.join(this.folder, 'state') } };
    for (const [name, fields] of [...Object.entries(kDefaults), ...Object.entries(overrides)]) {
      this.config[name] = { ...this.config[name], ...fields };
    }
    /** @type {import('node:child_process').ChildProcess | null} */
    this.process = null;
    this.login = '';
    this.port = 0;
    this.output = '';
  }

  async start() {
    const binary = process.env['HOWDAH_BINARY'];
    assert.ok(binary, 'HOWDAH_BINARY names the program to test');
    const file = path.join(this.folder, 'howdah.toml');
    fs.writeFileSync(file, toml(this.config));
    this.output = '';
    const log = fs.openSync(path.join(this.folder, 'log'), 'a');
    const child = spawn(binary, ['serve', '--config', file], { stdio: ['ignore', 'pipe', log] });
    fs.closeSync(log);
    this.process = child;
    child.stdout?.on('data', (data) => { this.output += data; });
    const printed = await until('the server prints its URL', () => {
      assert.equal(child.exitCode, null, `the server ended:\n${this.output}\n${this.log()}`);
      return /(https?:\/\/\S+)\/#login=\S+/.exec(this.output);
    });
    this.login = String(printed[0]);
    this.origin = String(printed[1]);
    this.port = Number(new URL(this.origin).port);
    // A restart must be found where the pages look for it.
    this.config['server'] = { ...this.config['server'], listen: `127.0.0.1:${this.port}` };
    await until('the server is ready', async () =>
      (await this.call('GET', '/readyz').catch(() => ({ status: 0 }))).status === 200);
    return this;
  }

  log() {
    return fs.readFileSync(path.join(this.folder, 'log'), 'utf8').split('\n').slice(-40).join('\n');
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
    this.process = null;
  }

  /**
   * Starts anew with another policy, so that a deadline comes when the test is ready for it and not
   * when a busy machine is.
   * @param {Record<string, any>} meeting
   */
  async restartWith(meeting) {
    await this.end('SIGTERM');
    this.config['meeting'] = { ...this.config['meeting'], ...meeting };
    await this.start();
  }

  /** Ends every meeting, waits until nothing is left of them, stops, and removes the folder. */
  async close() {
    try {
      if (this.process) {
        for (const meeting of await this.meetings()) {
          if (!meeting.end) await this.post(`/v1/meetings/${meeting.id}/end`, {});
        }
        await until('every desktop is gone', async () =>
          (await this.meetings()).every((meeting) => meeting.over_at));
      }
    } finally {
      await this.end('SIGTERM');
      fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }

  /**
   * A request as the command line makes it: by key, to the address itself.
   * @param {string} method
   * @param {string} target
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<{status: number, body: any, headers: http.IncomingHttpHeaders}>}
   */
  call(method, target, body, headers = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: '127.0.0.1', port: this.port, method, path: target, timeout: 20_000,
        headers: {
          Host: new URL(this.origin ?? 'http://127.0.0.1').host, 'Content-Type': 'application/json',
          'Content-Length': String(Buffer.byteLength(text)), ...headers,
        },
      }, (answer) => {
        let data = '';
        answer.setEncoding('utf8');
        answer.on('data', (part) => { data += part; });
        answer.on('end', () => {
          const json = /json/.test(answer.headers['content-type'] ?? '');
          resolve({
            status: answer.statusCode ?? 0, headers: answer.headers,
            body: json && data !== '' ? JSON.parse(data) : data,
          });
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${target}: no answer`)));
      request.on('error', reject);
      request.end(text);
    });
  }

  key() {
    const file = path.join(this.folder, 'state', 'api_key');
    return { Authorization: `Bearer ${fs.readFileSync(file, 'utf8').trim()}` };
  }

  /** @param {string} target @param {object} body */
  async post(target, body) {
    const answer = await this.call('POST', target, body, this.key());
    assert.ok(answer.status < 300, `${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** All of them. @returns {Promise<Meeting[]>} */
  async meetings() {
    const all = [];
    for (let from = ''; ;) {
      const target = `/v1/meetings?limit=200&from=${encodeURIComponent(from)}`;
      const answer = await this.call('GET', target, undefined, this.key());
      assert.equal(answer.status, 200);
      all.push(...answer.body.meetings);
      from = answer.body.next;
      if (from === '') return all;
    }
  }

  /** @param {string} id @returns {Promise<Meeting>} */
  async meeting(id) {
    return (await this.call('GET', `/v1/meetings/${id}`, undefined, this.key())).body;
  }

  /**
   * Books for `fromNowMs` from now.
   * @param {object} [fields]
   * @param {number} [fromNowMs]
   * @returns {Promise<Meeting>}
   */
  book(fields = {}, fromNowMs = 0) {
    return this.post('/v1/meetings', {
      title: 'Algebra', start: new Date(Date.now() + fromNowMs).toISOString(), length_minutes: 30,
      ...fields,
    });
  }
}

// A promise: people arrive at once, and share one browser.
/** @type {Promise<Browser> | null} */
let browser = null;

/** A fresh profile. @param {object} [options] */
export async function profile(options = {}) {
  browser ??= chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
  });
  const viewport = { width: 1024, height: 700 };
  const context = await (await browser).newContext({ viewport, ...options });
  context.setDefaultTimeout(kBoundMs);
  return context;
}

export async function closeBrowser() {
  await (await browser)?.close();
  browser = null;
}

/**
 * A server and its end, around one test.
 * @param {(server: Server) => Promise<void>} body
 * @param {Record<string, Record<string, any>>} [overrides]
 */
export async function withServer(body, overrides = {}) {
  const server = new Server(overrides);
  let failed = true;
  try {
    await server.start();
    await body(server);
    failed = false;
  } finally {
    if (failed) console.error(`the server said:\n${server.output}\n${server.log()}`);
    for (const context of (await browser)?.contexts() ?? []) await context.close();
    await server.close().catch((error) => { if (!failed) throw error; });
  }
}

/**
 * Opens the link of a seat.
 * @param {Profile} context
 * @param {Meeting} meeting
 * @param {number} seat from 0
 */
export async function openLink(context, meeting, seat) {
  const page = await context.newPage();
  await page.goto(String(meeting.seats[seat]?.link));
  return page;
}

/** Both links, each in a browser of its own. @param {Meeting} meeting */
export async function openBoth(meeting) {
  return Promise.all([0, 1].map(async (seat) => openLink(await profile(), meeting, seat)));
}

/** Waits for the heading of the join page. @param {Page} page @param {RegExp} words */
export async function heading(page, words) {
  await page.locator('#heading').filter({ hasText: words }).waitFor();
}

/** Waits until Enter can be pressed, presses it, and waits for the screen. @param {Page} page */
export async function enter(page) {
  await page.locator('#enter:enabled').click();
  await inside(page);
}

/** Waits until the viewer shows a live screen. @param {Page} page */
export async function inside(page) {
  await page.waitForURL(/\.desk\./);
  await page.locator('#screen canvas').waitFor();
  await page.locator('#cover').waitFor({ state: 'hidden' });
}

/** Waits for the sheet over a viewer. @param {Page} page @param {RegExp} words */
export async function sheet(page, words) {
  await page.locator('#cover-heading').filter({ hasText: words }).waitFor();
}

/**
 * The part of the screen whose red, green and blue all lie within these bounds.
 * @param {Page} page
 * @param {[number, number][]} bounds
 * @returns {Promise<number>}
 */
function partOfColour(page, bounds) {
  return page.evaluate((within) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector('#screen canvas'));
    if (!canvas.width) return 0;
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
      .getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const lies = within.every(([low, high], index) => {
        const value = Number(data[at + index]);
        return value >= low && value <= high;
      });
      if (lies) ++count;
    }
    return count / (data.length / 4);
  }, bounds);
}

/** The part of the screen that is green. @param {Page} page */
export const greenPart = (page) => partOfColour(page, [[0, 60], [200, 255], [0, 60]]);

/**
 * Waits until the terminal fills the screen: a desktop is ready before its session has drawn
 * anything, and what is typed before goes nowhere.
 * @param {Page} page
 * @param {number} [part] of the screen; the first size of a desktop is larger than a phone's
 */
export const terminal = (page, part = 0.5) => until('the terminal is drawn', async () =>
  await partOfColour(page, [[200, 255], [200, 255], [200, 255]]) > part);

/** Types into the terminal until its screen is mostly green. @param {Page} page */
export async function paintGreen(page) {
  await terminal(page);
  await page.locator('#screen canvas').click({ position: { x: 300, y: 300 } });
  for (let tries = 0; tries < 6 && await greenPart(page) < 0.5; ++tries) {
    await page.keyboard.type("printf '\\033]11;#00ff00\\007'");
    await page.keyboard.press('Enter');
    await until('the terminal had time to answer', async () => await greenPart(page) > 0.5, 5000)
      .catch(() => {});
  }
  const green = await greenPart(page);
  assert.ok(green > 0.5, `mostly green, not ${green}`);
}

/**
 * The X server of a desktop, found in /proc: its session has the desktop's name in its
 * environment, and shares its process namespace with it.
 * @param {string} desktop
 * @returns {number | undefined}
 */
export function screenProcess(desktop) {
  /** @type {Map<string, number>} */
  const screens = new Map();
  let wanted = '';
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const space = fs.readlinkSync(`/proc/${pid}/ns/pid`);
      if (fs.readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('Xtigervnc')) {
        screens.set(space, Number(pid));
      }
      const environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (environment.includes(`HOWDAH_DESKTOP=${desktop}`)) wanted = space;
    } catch { /* it ended meanwhile, or is not ours to read */ }
  }
  return screens.get(wanted);
}

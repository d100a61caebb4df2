// The page on a desktop's own host: shows the screen, how much time is left, and why it is over.

import { get, post, said, Problem } from './api.js';
import * as clock from './clock.js';
import { Deskbar } from './deskbar.js';
import { ask, byId, setText, show } from './dom.js';
import { Live } from './live.js';
import { Screen } from './screen.js';
import { clockTime, span } from './time.js';
import { kNoWarning, nextWarning, warningWords } from './warning.js';
import { endWords } from './words.js';

/** @typedef {import('./types.js').Desk} Desk */

const kJoinKey = 'howdah-join-url';
const kHereKey = 'howdah-was-here';
const kRetryMs = 1000;
const kReasonWithinMs = 2000;
const kReloadChecks = 5;
const kReloadCheckMs = 300;

/** @type {Desk | null} */
let desk = null;
let hardCap = 0;
let plannedEnd = 0;
/** @type {import('./types.js').End | null} */
let end = null;
let warned = kNoWarning;
let finished = false;
// They asked to end the meeting for everybody. Set before that is sent: the socket may tell that
// they left before the answer is there.
let askedEnd = false;

const screen = new Screen(byId('screen'), {
  connected: () => {
    remember(kHereKey, 'yes');
    show(byId('frozen'), false);
    cover('');
    bar.takeOwnClipboard(false);
  },
  trying: (why) => {
    bar.releaseHeld();
    cover(why === 'lost' ? 'The connection is lost.' : 'Opening your desktop …',
      { text: why === 'lost' ? 'Trying again …' : 'It does not answer yet. Trying again …' });
  },
  closed: (reason) => finish(reason),
  busy: () => askTakeOver(),
  clipboard: (text) => bar.fromDesktop(text),
  freeze: (canvas) => freeze(canvas),
});
const bar = new Deskbar(screen);
const live = new Live({
  events: '/v1/desk/events',
  status: '/v1/desk',
  onData: (data) => heard(data),
  onLost: () => {},
  // The socket is closed too, and its code tells why; this one is for when it can't.
  onRefused: () => setTimeout(() => { if (!finished) screen.close('refused'); }, kReasonWithinMs),
});

/** @param {string} key @param {string} [value] */
function remember(key, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(key) ?? '';
    sessionStorage.setItem(key, value);
  } catch { /* a convenience only */ }
  return '';
}

/** @param {HTMLCanvasElement} canvas */
function freeze(canvas) {
  const frozen = byId('frozen', HTMLCanvasElement);
  frozen.width = canvas.width;
  frozen.height = canvas.height;
  if (canvas.width > 0) frozen.getContext('2d')?.drawImage(canvas, 0, 0);
  show(frozen, true);
}

/**
 * A sheet over the screen; '' takes it away.
 * @param {string} heading
 * @param {{text?: string, action?: [string, () => void], link?: [string, string]}} [more]
 */
function cover(heading, more = {}) {
  show(byId('cover'), heading !== '');
  if (heading === '') return;
  const fresh = byId('cover-heading').textContent !== heading;
  setText(byId('cover-heading'), heading);
  setText(byId('cover-text'), more.text ?? '');
  const action = /** @type {HTMLButtonElement} */ (byId('cover-action'));
  show(action, more.action !== undefined);
  if (more.action) {
    setText(action, more.action[0]);
    action.onclick = more.action[1];
  }
  const link = byId('cover-link', HTMLAnchorElement);
  const linked = more.link !== undefined && /^https?:/.test(more.link[1]);
  show(link, linked);
  if (more.link && linked) {
    setText(link, more.link[0]);
    link.href = more.link[1];
    link.classList.toggle('main', more.action === undefined);
  }
  if (fresh && (more.action || linked)) (more.action ? action : link).focus();
}

/** @param {Desk & import('./types.js').DeskStatus} data */
function heard(data) {
  hardCap = Date.parse(data.hard_cap);
  if (data.planned_end) plannedEnd = Date.parse(data.planned_end);
  if (data.end) {
    end = data.end;
    if (finished) {
      live.stop();
      coverEnded();
    } else {
      screen.close('ended');
    }
  }
  // The socket may be down already when the server gives this desktop up.
  const own = Number(desk?.desktop.split('-').at(-1));
  const gone = Boolean(data.closing) || Number(data.attempt ?? own) > own;
  if (gone && !data.end && !finished && !screen.connected) screen.close('replaced');
  renderTime();
}

function renderTime() {
  if (!hardCap || finished) return;
  const now = clock.now();
  const left = hardCap - now;
  warned = nextWarning(warned, hardCap, now);
  const words = `${span(left)} left`;
  setText(byId('left'), words);
  byId('left').title = `Planned until ${clockTime(plannedEnd)}, closed at ${clockTime(hardCap)}`;
  const last = warned.minutes < Infinity;
  byId('left').dataset['tone'] = last ? 'bad' : '';
  setText(byId('handle-left'), last ? words : 'Tools');
  if (warned.change === 'show') setText(byId('warning-text'), warningWords(warned));
  if (warned.change !== '') show(byId('warning'), warned.change === 'show');
}

function joinUrl() {
  return desk?.join_url ?? remember(kJoinKey);
}

/** @param {string} label @returns {{link?: [string, string]}} */
function back(label) {
  const join = joinUrl();
  return join ? { link: [label, join] } : {};
}

function coverEnded() {
  cover('The meeting is over.', {
    text: `${endWords(end?.reason ?? '')} This desktop and the files on it are deleted.`,
    ...back('To the meeting page'),
  });
}

/** @param {string} reason */
function finish(reason) {
  finished = true;
  // The socket may be quicker than the event that says why the meeting ended.
  if (reason !== 'ended' || end) live.stop();
  bar.closePanels();
  show(byId('warning'), false);
  setText(byId('left'), '');
  bar.setAlive(false);
  const join = joinUrl();
  document.title = 'Closed · Howdah';
  if (reason === 'taken_over') {
    cover('Your desktop is open elsewhere now.', {
      text: 'It was taken over by another tab or device of yours.',
      action: ['Use it here', () => reopen()], ...back('To the meeting page'),
    });
  } else if (reason === 'ended') {
    coverEnded();
  } else if (reason === 'replaced') {
    cover('This desktop is gone.', {
      text: 'It stopped working or was taken down. The meeting page says how it goes on, '
        + 'and when you have a new one.',
      ...back('To the meeting page'),
    });
  } else if (reason === 'revoked') {
    cover('Your link was replaced.', {
      text: 'The organiser made a new one. Please ask for it and open that.',
    });
  } else if (reason === 'left') {
    cover('You left.', {
      text: askedEnd
        ? 'You asked to end the meeting for everybody. It ends as soon as all who came have asked '
          + 'for that; then this desktop and the files on it are deleted.'
        : 'Your desktop is kept for a while. Until it is put away you can come back from the '
          + 'meeting page.',
      ...back('To the meeting page'),
    });
  } else if (screen.wasConnected) {
    cover('This desktop is gone.', {
      text: 'It was taken down, or your link was replaced. The meeting page says how it goes on.',
      ...back('To the meeting page'),
    });
  } else {
    cover('This desktop is not open for you.', {
      text: join ? 'The meeting page says why, and lets you in again when that is possible.'
        : 'Please open the link from your invitation.',
      ...back('To the meeting page'),
    });
  }
}

function reopen() {
  finished = false;
  bar.setAlive(true);
  cover('Opening your desktop …');
  document.title = title();
  live.start();
  screen.open(true);
}

function askTakeOver() {
  cover('Your desktop is open in another tab or on another device.', {
    text: 'It can be open in one place at a time. Take it over here? It is closed there then.',
    action: ['Take over', () => {
      cover('Opening your desktop …');
      screen.open(true);
    }],
    ...(desk ? { link: /** @type {[string, string]} */ (['Leave it there', desk.join_url]) } : {}),
  });
}

async function leave() {
  const answer = await ask({
    title: 'Leave your desktop?',
    lines: ['What runs on it goes on, and you can come back while the meeting lasts.',
      'If you end the meeting for everybody, it ends as soon as all who came have asked for that.'],
    choices: [{ value: 'leave', label: 'Leave', kind: 'main' },
      { value: 'all', label: 'End for everybody', kind: 'danger' }, { value: '', label: 'Stay' }],
  });
  if (answer === '') return screen.focus();
  askedEnd = answer === 'all';
  try {
    await post('/v1/desk/leave', { end_for_everybody: askedEnd });
    screen.close('left');
  } catch (error) {
    askedEnd = false;
    if (error instanceof Problem && !error.passing) screen.close('refused');
    else {
      setText(byId('warning-text'), said(error));
      show(byId('warning'), true);
    }
  }
}

function title() {
  return desk ? `${desk.title} · ${desk.role} · Howdah` : 'Desktop · Howdah';
}

function describe() {
  if (!desk) return;
  remember(kJoinKey, desk.join_url);
  document.title = title();
  setText(byId('title'), desk.title);
  setText(byId('who'), desk.name ? `${desk.name}, ${desk.role}` : desk.role);
  const good = desk.call_url.startsWith('https://');
  show(byId('call'), good);
  if (good) byId('call', HTMLAnchorElement).href = desk.call_url;
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function begin() {
  byId('leave').addEventListener('click', leave);
  byId('warning-close').addEventListener('click', () => {
    show(byId('warning'), false);
    screen.focus();
  });
  setInterval(renderTime, 1000);
  for (let checks = 0; ;) {
    try {
      desk = /** @type {Desk} */ (await get('/v1/desk'));
      // After a reload the server may need a moment to miss the old socket of this very tab.
      if (desk.connected === 0 || remember(kHereKey) === '' || checks >= kReloadChecks) break;
      checks += 1;
      await pause(kReloadCheckMs);
    } catch (error) {
      if (error instanceof Problem && !error.passing) return finish('refused');
      cover('Opening your desktop …', { text: 'The server does not answer. Trying again …' });
      await pause(kRetryMs);
    }
  }
  describe();
  heard(/** @type {any} */ (desk));
  if (finished) return;
  live.start();
  if (desk.connected > 0) askTakeOver();
  else screen.open(false);
}

begin();

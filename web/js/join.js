// The page behind a link. The token stands in the fragment, goes to the server in a body, and is
// out of the address bar before anything else happens; from then on the seat's cookie is enough.

import { get, post, said, Problem } from './api.js';
import * as clock from './clock.js';
import { arrange, byId, el, setText, show } from './dom.js';
import { Live } from './live.js';
import { clockTime, span, timeOrDay, when } from './time.js';
import { joinView } from './words.js';

/** @typedef {import('./types.js').JoinStatus} JoinStatus */

const seat = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const base = `/v1/join/${encodeURIComponent(seat)}`;
const kRetryMs = 2000;
const kDoorWithinMs = 15_000;

// Kept in memory only, to come back in when the cookie became void and the link is still good.
let token = '';
/** @type {JoinStatus | null} */
let status = null;
let busy = false;
let entering = false;
let lastTone = '';

const live = new Live({
  events: `${base}/events`,
  status: base,
  onData: (data) => { status = data; render(); },
  onLost: (lost) => show(byId('lost'), lost),
  onRefused: () => comeIn(true),
});

/** Takes the token out of the address bar. @returns {string} */
function takeToken() {
  const found = location.hash.slice(1);
  if (found !== '') history.replaceState(null, '', location.pathname);
  return found;
}

/**
 * Exchanges the link, or tries the cookie of an earlier visit; keeps trying while the server can't
 * be reached.
 * @param {boolean} [again] after a refusal: the cookie alone is known to be void
 */
async function comeIn(again = false) {
  try {
    if (token === '' && again) throw new Problem(404, '');
    status = token !== '' ? await post('/v1/join/exchange', { link: token }) : await get(base);
    // A good token behind another seat's address: neither of the two is what was meant.
    if (status?.seat !== seat) throw new Problem(404, '');
  } catch (error) {
    if (!(error instanceof Problem) || error.passing) {
      show(byId('lost'), true);
      setTimeout(() => comeIn(again), kRetryMs);
      return;
    }
    showWrongLink();
    return;
  }
  show(byId('lost'), false);
  render();
  live.start();
}

function showWrongLink() {
  status = null;
  live.stop();
  document.title = 'Not a good link · Howdah';
  show(byId('loading'), false);
  show(byId('meeting'), false);
  show(byId('lost'), false);
  show(byId('wrong'), true);
  byId('wrong-heading').focus();
}

function render() {
  if (!status) return;
  const now = clock.now();
  const view = joinView(status, now);
  show(byId('loading'), false);
  show(byId('wrong'), false);
  show(byId('meeting'), true);
  document.title = `${view.tab} · ${status.title} · Howdah`;
  setText(byId('title'), status.title);
  setText(byId('who'), who(status));
  renderWhen(status, now);
  renderCall(status);
  renderOthers(status);
  byId('state').dataset['tone'] = view.tone;
  setText(byId('heading'), view.heading);
  arrange(byId('lines'), reuseLines(byId('lines'), view.lines));
  setText(byId('count'), view.count);
  show(byId('count'), view.count !== '');
  renderSteps(view.steps, now);
  show(byId('enter-box'), view.enter);
  show(byId('restart'), view.restart);
  /** @type {HTMLButtonElement} */ (byId('enter')).disabled = !view.enter || busy;
  /** @type {HTMLButtonElement} */ (byId('restart')).disabled = busy;
  if (view.tone === 'go' && lastTone !== 'go') byId('enter').focus({ preventScroll: true });
  lastTone = view.tone;
  if (!view.live) live.stop();
}

/** @param {JoinStatus} status */
function who(status) {
  return status.name ? `${status.name} (${status.role})` : `Your seat: ${status.role}`;
}

/**
 * @param {JoinStatus} status
 * @param {number} now
 */
function renderWhen(status, now) {
  const { own, theirs } = when(status.start);
  const start = Date.parse(status.start.at);
  const end = Date.parse(status.planned_end);
  setText(byId('when'), `${own} to ${clockTime(end)}`);
  setText(byId('when-there'), theirs ? `(${theirs})` : '');
  let count = '';
  if (status.end) count = '';
  else if (now < start) count = `starts in ${span(start - now)}`;
  else if (now < end) count = `${span(end - now)} left`;
  else count = `over time; closes in ${span(Date.parse(status.hard_cap) - now)}`;
  setText(byId('countdown'), count);
}

/** @param {JoinStatus} status */
function renderCall(status) {
  const link = byId('call', HTMLAnchorElement);
  const good = !status.end && status.call_url.startsWith('https://');
  show(byId('call-row'), good);
  if (good && link.href !== status.call_url) link.href = status.call_url;
  if (good) setText(link, new URL(status.call_url).host);
}

/** @param {JoinStatus} status */
function renderOthers(status) {
  const words = status.others.map((other) => {
    const name = other.name ? `${other.name} (${other.role})` : other.role;
    return `${name}: ${other.here ? 'is here' : 'not here yet'}`;
  });
  show(byId('others-row'), !status.end && words.length > 0);
  setText(byId('others'), words.join(' · '));
}

/**
 * @param {Element} list
 * @param {string[]} lines
 */
function reuseLines(list, lines) {
  return lines.map((line, index) => {
    const node = list.children[index] ?? el('p');
    setText(node, line);
    return node;
  });
}

/**
 * @param {import('./words.js').StepView[]} steps
 * @param {number} now
 */
function renderSteps(steps, now) {
  const list = byId('steps');
  show(list, steps.length > 0);
  arrange(list, steps.map((step, index) => {
    const node = /** @type {HTMLElement} */ (list.children[index]
      ?? el('li', {}, el('span', { class: 'label' }), el('span', { class: 'note' })));
    node.dataset['state'] = step.state;
    if (step.state === 'now') node.setAttribute('aria-current', 'step');
    else node.removeAttribute('aria-current');
    setText(node.children[0] ?? node, step.label);
    const done = step.at ? timeOrDay(Date.parse(step.at), now) : '';
    const note = { done, now: 'now', todo: '' };
    setText(node.children[1] ?? node, note[step.state]);
    return node;
  }));
}

/** @param {string} text */
function complain(text) {
  setText(byId('problem'), text);
  show(byId('problem'), text !== '');
}

async function enter() {
  if (busy) return;
  busy = true;
  complain('');
  render();
  try {
    const { door, token: key } = await post(`${base}/enter`);
    entering = true;
    const form = el('form', { method: 'post', action: door },
      el('input', { type: 'hidden', name: 'token', value: key }));
    document.body.append(form);
    form.submit();
    setTimeout(doorStuck, kDoorWithinMs);
  } catch (error) {
    complain(said(error));
  } finally {
    if (!entering) busy = false;
    render();
  }
}

/** Still here: the way to the desktop is blocked, by a proxy perhaps. */
function doorStuck() {
  if (!entering) return;
  busy = false;
  entering = false;
  complain('Your desktop’s address does not open in this browser. Please try again.');
  render();
}

async function restart() {
  if (busy) return;
  busy = true;
  complain('');
  try {
    status = await post(`${base}/restart`);
  } catch (error) {
    complain(said(error));
  } finally {
    busy = false;
    render();
  }
}

function begin() {
  token = takeToken();
  byId('enter').addEventListener('click', enter);
  byId('restart').addEventListener('click', restart);
  // The same page with another link in the address bar does not load again.
  window.addEventListener('hashchange', () => {
    const found = takeToken();
    if (found === '') return;
    token = found;
    live.stop();
    comeIn();
  });
  // Back from the desktop: the page may come out of the browser's memory, with an old state.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    busy = false;
    entering = false;
    live.poll();
  });
  setInterval(render, 1000);
  comeIn();
}

begin();

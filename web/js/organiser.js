// The organiser's page: log in, book, and see what is going on. The list is asked for every two
// seconds while somebody looks at it.

import { get, post, said, Problem } from './api.js';
import { BookForm } from './book_form.js';
import { byId, setText, show } from './dom.js';
import { MeetingList } from './meeting_list.js';

const kPollMs = 2000;

/** @type {BookForm | null} */
let form = null;
/** @type {MeetingList | null} */
let list = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let inside = false;

/** @param {string} text a whole link, its fragment, or the code alone */
function codeIn(text) {
  const found = /login=([^&\s]+)/.exec(text);
  return found?.[1] ? decodeURIComponent(found[1]) : text.trim();
}

/** @param {string} why */
function askLogin(why) {
  inside = false;
  clearTimeout(timer);
  setText(byId('login-why'), why);
  show(byId('login'), true);
  // What was typed into the form stays; it is only hidden, and is there again after the login.
  show(byId('desk'), false);
  show(byId('logout'), false);
  setText(byId('principal'), '');
  document.title = 'Log in · Howdah';
  byId('login-code').focus();
}

/** @param {string} code */
async function login(code) {
  complain('');
  try {
    await post('/v1/login', { code });
  } catch (error) {
    const stale = error instanceof Problem && [400, 401, 404, 422].includes(error.status);
    askLogin('');
    complain(stale ? 'This code is not good: it was used before, or is older than 24 hours.'
      : said(error));
    return;
  }
  await comeIn();
}

/** @param {string} text */
function complain(text) {
  setText(byId('login-problem'), text);
  show(byId('login-problem'), text !== '');
}

async function comeIn() {
  let me;
  try {
    me = /** @type {import('./types.js').Me} */ (await get('/v1/me'));
  } catch (error) {
    if (error instanceof Problem && !error.passing) {
      askLogin('Please log in with a link from the machine that runs Howdah.');
      return;
    }
    show(byId('lost'), true);
    timer = setTimeout(comeIn, kPollMs);
    return;
  }
  inside = true;
  show(byId('lost'), false);
  show(byId('login'), false);
  show(byId('desk'), true);
  show(byId('logout'), true);
  document.title = 'Meetings · Howdah';
  setText(byId('principal'), me.principal);
  form ??= new BookForm(me.roles, (meeting) => {
    list?.put(meeting, true);
    refresh();
  }, expired);
  list ??= new MeetingList(refresh, expired);
  refresh();
}

function expired() {
  askLogin('Your session has ended. Please log in again; what you typed is kept.');
}

async function refresh() {
  clearTimeout(timer);
  if (!inside || !list) return;
  if (!document.hidden) {
    try {
      await list.load();
      show(byId('lost'), false);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return expired();
      show(byId('lost'), true);
    }
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, kPollMs);
}

async function logout() {
  try {
    await post('/v1/logout');
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) return;
  }
  askLogin('You are logged out.');
}

function begin() {
  byId('login-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = byId('login-code', HTMLInputElement);
    const code = codeIn(field.value);
    field.value = '';
    if (code === '') complain('Please paste the link or the code.');
    else login(code);
  });
  byId('logout').addEventListener('click', logout);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  const enterByFragment = () => {
    if (!location.hash.startsWith('#login=')) return false;
    const code = codeIn(location.hash);
    history.replaceState(null, '', location.pathname);
    login(code);
    return true;
  };
  window.addEventListener('hashchange', enterByFragment);
  if (!enterByFragment()) comeIn();
}

begin();

// The list of meetings with their live state. Cards are kept and only what changed is touched, so
// that focus, selection and an open menu outlive a poll.

import { get, post, said, Problem } from './api.js';
import * as clock from './clock.js';
import { arrange, ask, byId, copyText, el, setText, show } from './dom.js';
import { span, timeOrDay, when, clockTime } from './time.js';
import { chip, endWords, phaseWords } from './words.js';

/** @typedef {import('./types.js').Meeting} Meeting */
/** @typedef {import('./types.js').Seat} Seat */

const kPage = 200;
// The list begins with what is furthest in the future. What started longer ago than this is asked
// for by hand: it is over, unless meetings may be longer than a day.
const kPastMs = 26 * 3_600_000;
// No more pages than this at once.
const kPagesMax = 50;
const kCopiedMs = 1500;

export class MeetingList {
  /**
   * @param {() => void} refresh asks for the list again, now
   * @param {() => void} onExpired
   */
  constructor(refresh, onExpired) {
    this.refresh = refresh;
    this.onExpired = onExpired;
    /** @type {Map<string, Meeting>} */
    this.meetings = new Map();
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.older = '';
    this.olderShown = false;
    this.loads = 0;
    byId('more').addEventListener('click', () => this.loadOlder());
  }

  async load() {
    const load = ++this.loads;
    /** @type {Map<string, Meeting>} */
    const fresh = new Map();
    let next = '';
    for (let pages = 0; pages < kPagesMax; ++pages) {
      const page = await this.page(next);
      for (const meeting of page.meetings) fresh.set(meeting.id, meeting);
      next = page.next;
      const last = page.meetings.at(-1);
      if (next === '' || (last && Date.parse(last.start.at) < clock.now() - kPastMs)) break;
    }
    // Another load began meanwhile, after something was done: it knows more.
    if (load !== this.loads) return;
    // Older ones were asked for by hand and are over: they are kept as they were.
    if (this.olderShown) {
      for (const [id, meeting] of this.meetings) if (!fresh.has(id)) fresh.set(id, meeting);
    } else {
      this.older = next;
    }
    this.meetings = fresh;
    this.render();
  }

  /** @param {string} from @returns {Promise<import('./types.js').MeetingPage>} */
  page(from) {
    return get(`/v1/meetings?limit=${kPage}&from=${encodeURIComponent(from)}`);
  }

  async loadOlder() {
    try {
      const page = await this.page(this.older);
      for (const meeting of page.meetings) this.meetings.set(meeting.id, meeting);
      this.olderShown = true;
      this.older = page.next;
      this.render();
    } catch (error) {
      this.failed(error);
    }
  }

  /**
   * @param {Meeting} meeting
   * @param {boolean} [focus]
   */
  put(meeting, focus = false) {
    this.meetings.set(meeting.id, meeting);
    this.render();
    if (focus) this.cards.get(meeting.id)?.node.querySelector('button')?.focus();
  }

  render() {
    const all = [...this.meetings.values()].sort((a, b) => a.start.at.localeCompare(b.start.at));
    const current = all.filter((meeting) => meeting.phase !== 'over');
    const past = all.filter((meeting) => meeting.phase === 'over').reverse();
    const nodes = (/** @type {Meeting[]} */ some) => some.map((meeting) => this.card(meeting).node);
    arrange(byId('current'), nodes(current));
    arrange(byId('past'), nodes(past));
    for (const id of this.cards.keys()) if (!this.meetings.has(id)) this.cards.delete(id);
    show(byId('empty'), all.length === 0);
    show(byId('past-box'), past.length > 0);
    setText(byId('past-count'), `(${past.length})`);
    show(byId('more'), this.older !== '');
  }

  /** @param {Meeting} meeting */
  card(meeting) {
    let card = this.cards.get(meeting.id);
    if (!card) {
      card = new Card(this, meeting);
      this.cards.set(meeting.id, card);
    }
    card.update(meeting);
    return card;
  }

  /**
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<Meeting | null>}
   */
  async act(path, body = {}) {
    try {
      const meeting = await post(path, body);
      if (meeting?.id) this.put(meeting);
      this.refresh();
      return meeting;
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof Problem && error.status === 401) {
      this.onExpired();
      return;
    }
    ask({ title: 'That did not work', lines: [said(error)],
      choices: [{ value: 'ok', label: 'Close', kind: 'main' }] });
  }
}

class Card {
  /**
   * @param {MeetingList} list
   * @param {Meeting} meeting
   */
  constructor(list, meeting) {
    this.list = list;
    this.meeting = meeting;
    this.title = el('h3', { id: `title-${meeting.id}` });
    this.phase = el('span', { class: 'chip' });
    this.when = el('p', { class: 'when' });
    this.note = el('p', { class: 'quiet' });
    this.call = el('a', { target: '_blank', rel: 'noopener noreferrer' });
    this.seats = el('ul', { class: 'seats' });
    /** @param {string} text @param {() => void} click @param {string} [kind] */
    const button = (text, click, kind = 'plain') =>
      el('button', { type: 'button', class: kind, text, on: { click } });
    this.extend = button('Extend', () => this.askExtend());
    this.stop = button('Cancel meeting', () => this.askStop(), 'plain danger');
    this.actions = el('div', { class: 'row' }, this.extend, this.stop);
    this.node = el('article', { class: 'card meeting', 'aria-labelledby': this.title.id },
      el('div', { class: 'head' }, this.title, this.phase), this.when, this.call, this.note,
      this.seats, this.actions);
  }

  /** @param {Meeting} meeting */
  update(meeting) {
    this.meeting = meeting;
    setText(this.title, meeting.title);
    setText(this.phase, phaseWords(meeting.phase));
    this.phase.dataset['tone'] = meeting.phase === 'running' ? 'go'
      : meeting.phase === 'over' || meeting.phase === 'booked' ? 'quiet' : 'wait';
    const { own, theirs } = when(meeting.start);
    const extended = meeting.extended_minutes ? ` + ${meeting.extended_minutes}` : '';
    const there = theirs ? ` (${theirs})` : '';
    setText(this.when, `${own}${there}, ${meeting.length_minutes}${extended} min`);
    const callShown = meeting.call_url.startsWith('https://') && !meeting.end;
    show(this.call, callShown);
    if (callShown) {
      if (this.call.href !== meeting.call_url) this.call.href = meeting.call_url;
      setText(this.call, 'Video call');
    }
    setText(this.note, this.noteText(meeting));
    show(this.note, this.note.textContent !== '');
    const rows = meeting.seats.map((seat, index) =>
      this.seat(seat, /** @type {HTMLElement | undefined} */ (this.seats.children[index])));
    arrange(this.seats, rows);
    show(this.actions, !meeting.end);
    const begun = Date.parse(meeting.start.at) <= clock.now();
    setText(this.stop, begun ? 'End now' : 'Cancel meeting');
  }

  /** @param {Meeting} meeting */
  noteText(meeting) {
    const now = clock.now();
    if (meeting.end) {
      const left = meeting.phase === 'over' ? '' : ' It is still being closed.';
      const at = timeOrDay(Date.parse(meeting.end.at), now);
      return `${endWords(meeting.end.reason)} (${at})${left}`;
    }
    const start = Date.parse(meeting.start.at);
    if (now < start) return `Starts in ${span(start - now)}.`;
    const end = Date.parse(meeting.planned_end);
    if (now < end) return `${span(end - now)} left.`;
    return `Over time: closes in ${span(Date.parse(meeting.hard_cap) - now)}.`;
  }

  /**
   * @param {Seat} seat
   * @param {HTMLElement} [node]
   */
  seat(seat, node) {
    const row = node ?? this.newSeat();
    row.dataset['seat'] = seat.id;
    /** @param {string} selector */
    const part = (selector) => /** @type {HTMLElement} */ (row.querySelector(selector));
    setText(part('.role'), seat.role);
    setText(part('.person'), seat.name || seat.email);
    const state = chip(seat.step);
    setText(part('.chip'), state.text);
    part('.chip').dataset['tone'] = state.tone;
    setText(part('.trouble'), this.meeting.end ? '' : seat.failed ?? seat.trouble ?? '');
    const named = `${seat.role}${seat.name ? `, ${seat.name}` : ''}`;
    part('.copy').setAttribute('aria-label', `Copy the link of ${named}`);
    part('.rotate').setAttribute('aria-label', `Make a new link for ${named}`);
    show(part('.links'), !this.meeting.end);
    return row;
  }

  newSeat() {
    const row = el('li', { class: 'seat-row' },
      el('span', { class: 'who' },
        el('span', { class: 'role' }), el('span', { class: 'person quiet' })),
      el('span', { class: 'chip' }),
      el('span', { class: 'links' },
        el('button', { type: 'button', class: 'copy', text: 'Copy link',
          on: { click: () => this.copy(row) } }),
        el('button', { type: 'button', class: 'plain rotate', text: 'New link',
          on: { click: () => this.askRotate(row) } })),
      el('span', { class: 'trouble' }));
    return row;
  }

  /** @param {HTMLElement} row */
  seatOf(row) {
    return this.meeting.seats.find((seat) => seat.id === row.dataset['seat']);
  }

  /** @param {HTMLElement} row */
  async copy(row) {
    const seat = this.seatOf(row);
    const button = row.querySelector('.copy');
    if (!seat || !button) return;
    if (!await copyText(seat.link)) {
      const field = el('input', { value: seat.link, readonly: true, 'aria-label': 'Link' });
      setTimeout(() => field.select());
      await ask({ title: 'Copy this link', lines: ['This browser does not let the page copy it.'],
        extra: field, choices: [{ value: 'ok', label: 'Close', kind: 'main' }] });
      return;
    }
    setText(button, 'Copied');
    setText(byId('news'), `The link of ${seat.role} is copied.`);
    setTimeout(() => setText(button, 'Copy link'), kCopiedMs);
  }

  /** @param {HTMLElement} row */
  async askRotate(row) {
    const seat = this.seatOf(row);
    if (!seat) return;
    const answer = await ask({
      title: `A new link for ${seat.name || seat.role}?`,
      lines: ['The old link stops working at once. If they are in their desktop now, they are put '
        + 'out and need the new link to come back.'],
      choices: [{ value: '', label: 'Keep the old one' },
        { value: 'yes', label: 'Make a new link', kind: 'main' }],
    });
    if (answer !== 'yes') return;
    const path = `/v1/meetings/${this.meeting.id}/seats/${seat.id}/rotate`;
    if (await this.list.act(path)) setText(byId('news'), `${seat.role} has a new link.`);
  }

  async askStop() {
    const begun = Date.parse(this.meeting.start.at) <= clock.now();
    const answer = await ask({
      title: begun ? `End “${this.meeting.title}” now?` : `Cancel “${this.meeting.title}”?`,
      lines: [begun
        ? 'Everybody in it is put out at once. Their desktops and the files on them are deleted.'
        : 'Its links stop opening desktops. This can’t be undone.'],
      choices: [{ value: '', label: 'Keep it' },
        { value: 'yes', label: begun ? 'End now' : 'Cancel meeting', kind: 'danger' }],
    });
    if (answer === 'yes') {
      await this.list.act(`/v1/meetings/${this.meeting.id}/${begun ? 'end' : 'cancel'}`);
    }
  }

  async askExtend() {
    const field = el('input',
      { type: 'number', min: '1', max: '120', value: '15', id: 'extend-by' });
    const answer = await ask({
      title: `Extend “${this.meeting.title}”`,
      lines: [`It is planned to end at ${clockTime(Date.parse(this.meeting.planned_end))}.`],
      extra: el('div', { class: 'field' },
        el('label', { for: 'extend-by', text: 'Minutes more' }), field),
      choices: [{ value: 'yes', label: 'Extend', kind: 'main' },
        { value: '', label: 'Leave it' }],
    });
    const minutes = Number(field.value);
    if (answer === 'yes' && minutes > 0) {
      await this.list.act(`/v1/meetings/${this.meeting.id}/extend`, { minutes });
    }
  }
}

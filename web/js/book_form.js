// The form that books a meeting. The server checks; what it says about a field is shown at that
// field, which also gets the focus.

import { post, said, Problem } from './api.js';
import { byId, el, setText, show } from './dom.js';
import * as clock from './clock.js';
import { nextQuarter, ownZone, readings } from './time.js';

/** @typedef {import('./types.js').Meeting} Meeting */

const kSeatsMax = 8;

export class BookForm {
  /**
   * @param {string[]} roles the configured ones
   * @param {(meeting: Meeting) => void} onBooked
   * @param {() => void} onExpired
   */
  constructor(roles, onBooked, onExpired) {
    this.roles = roles.length ? roles : ['guest'];
    this.onBooked = onBooked;
    this.onExpired = onExpired;
    this.form = byId('book', HTMLFormElement);
    this.seats = byId('seats');
    // One key per submission: kept while its outcome is not known, so that trying again can't book
    // a second meeting; a changed form is another booking.
    this.key = '';
    this.fillZones();
    this.reset();
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    this.form.addEventListener('input', (event) => {
      this.key = '';
      if (!(event.target instanceof HTMLElement)) return;
      clearFault(event.target);
      if (/^(date|time|zone)$/.test(event.target.id)) this.showChoice(false);
      if (event.target.dataset['name'] === 'role') this.arrangeSeats();
    });
    byId('add-seat').addEventListener('click', () => {
      const role = this.freeRoles()[0];
      if (role !== undefined) this.addSeat(role).querySelector('select')?.focus();
    });
  }

  fillZones() {
    const known = Intl.supportedValuesOf('timeZone');
    const zones = [ownZone, 'UTC', ...known.filter((zone) => zone !== ownZone && zone !== 'UTC')];
    byId('zone').replaceChildren(...[...new Set(zones)].map((zone) => el('option', {
      value: zone, text: zone.replaceAll('_', ' ') + (zone === ownZone ? ' (yours)' : ''),
    })));
  }

  reset() {
    this.form.reset();
    const { date, time } = nextQuarter(clock.now());
    input('date').value = date;
    input('time').value = time;
    /** @type {HTMLSelectElement} */ (byId('zone')).value = ownZone;
    this.showChoice(false);
    this.seats.replaceChildren();
    for (const role of this.roles) this.addSeat(role);
    this.key = '';
  }

  /** A role is that of one seat at most, and only configured ones are taken. */
  freeRoles() {
    const used = new Set(this.rows().map((row) => valueIn(row, 'role')));
    return this.roles.filter((role) => !used.has(role));
  }

  rows() {
    return /** @type {HTMLElement[]} */ ([...this.seats.children]);
  }

  /** @param {string} role */
  addSeat(role) {
    const id = `seat-${crypto.randomUUID().slice(0, 8)}`;
    const choice = el('select', { id: `${id}-role`, 'data-name': 'role', autocomplete: 'off' },
      ...this.roles.map((value) => el('option', { value, text: value, selected: value === role })));
    /** @param {string} name @param {string} label @param {object} [more] */
    const field = (name, label, more = {}) => el('div', { class: 'field' },
      el('label', { for: `${id}-${name}`, text: label }),
      el('input', { id: `${id}-${name}`, 'data-name': name, autocomplete: 'off', ...more }));
    const row = el('div', { class: 'seat', role: 'group' },
      el('div', { class: 'field' }, el('label', { for: choice.id, text: 'Role' }), choice),
      field('name', 'Name', { maxlength: 100, placeholder: 'optional' }),
      field('email', 'E-mail', { type: 'email', placeholder: 'optional' }),
      el('button', {
        type: 'button', class: 'plain icon', text: '×', title: 'Remove this seat',
        on: { click: () => this.removeSeat(row) },
      }));
    this.seats.append(row);
    this.arrangeSeats();
    return row;
  }

  /** @param {HTMLElement} row */
  removeSeat(row) {
    const index = this.rows().indexOf(row);
    row.remove();
    this.key = '';
    this.arrangeSeats();
    const near = this.rows()[Math.min(index, this.rows().length - 1)];
    (near?.querySelector('select') ?? byId('add-seat')).focus();
  }

  arrangeSeats() {
    const rows = this.rows();
    const free = new Set(this.freeRoles());
    rows.forEach((row, index) => {
      for (const option of row.querySelectorAll('option')) {
        option.disabled = !option.selected && !free.has(option.value);
      }
      row.setAttribute('aria-label', `Seat ${index + 1}`);
      const remove = row.querySelector('button');
      remove?.setAttribute('aria-label', `Remove seat ${index + 1}`);
      show(/** @type {Element} */ (remove), rows.length > 1);
    });
    show(byId('add-seat'), free.size > 0 && rows.length < kSeatsMax);
  }

  /** @param {boolean} shown */
  showChoice(shown) {
    show(byId('choice'), shown);
    if (!shown) {
      for (const radio of this.choices()) radio.checked = false;
      clearFault(byId('choice'));
      return;
    }
    const found = readings(`${input('date').value}T${input('time').value}`, zone());
    const words = found.map((reading) => `(UTC${reading.offset})`);
    setText(byId('choice-earlier'), words[0] ?? '');
    setText(byId('choice-later'), words[1] ?? '');
  }

  choices() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (
      this.form.querySelectorAll('input[name=choice]'));
  }

  body() {
    /** @type {Record<string, any>} */
    const body = {
      title: input('title').value.trim(),
      start_local: `${input('date').value}T${input('time').value}`,
      zone: zone(),
      length_minutes: Number(input('length').value),
      seats: this.rows().map((row) => withoutEmpty({
        role: valueIn(row, 'role'), name: valueIn(row, 'name'), email: valueIn(row, 'email'),
      })),
    };
    const call = input('call').value.trim();
    if (call) body['call_url'] = call;
    const choice = [...this.choices()].find((radio) => radio.checked)?.value;
    if (choice && !byId('choice').hidden) body['start_choice'] = choice;
    return body;
  }

  /** The faults that need no server to be seen. @returns {boolean} */
  checkFilled() {
    for (const [id, words] of [['title', 'Please say what it is about.'],
      ['date', 'Please choose a date.'], ['time', 'Please choose a time.'],
      ['length', 'Please say how many minutes.']]) {
      if (input(String(id)).value.trim() === '') {
        showFault(input(String(id)), String(words));
        return false;
      }
    }
    return true;
  }

  async submit() {
    this.clearFaults();
    const go = /** @type {HTMLButtonElement} */ (byId('book-go'));
    if (go.disabled || !this.checkFilled()) return;
    this.key ||= crypto.randomUUID();
    go.disabled = true;
    try {
      const meeting = await post('/v1/meetings', this.body(), { 'Idempotency-Key': this.key });
      setText(byId('news'), `Booked: ${meeting.title}. Its links are in the list.`);
      this.reset();
      this.onBooked(meeting);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.onExpired();
      else this.complain(error);
    } finally {
      go.disabled = false;
    }
  }

  /** @param {unknown} error */
  complain(error) {
    const field = error instanceof Problem ? error.field : '';
    if (!(error instanceof Problem && error.passing)) this.key = '';
    if (field === 'start_choice') this.showChoice(true);
    const at = this.fieldFor(field);
    if (at) {
      showFault(at, said(error));
      return;
    }
    setText(byId('book-problem'), said(error));
    show(byId('book-problem'), true);
  }

  /** @param {string} field as the server names it @returns {HTMLElement | null} */
  fieldFor(field) {
    const seat = /^seats\[(\d+)\](?:\.(\w+))?$/.exec(field);
    if (seat) {
      const row = this.rows()[Number(seat[1])];
      return row?.querySelector(`[data-name=${seat[2] ?? 'role'}]`) ?? null;
    }
    /** @type {Record<string, string>} */
    const ids = {
      title: 'title', start: 'date', start_local: 'time', zone: 'zone', length_minutes: 'length',
      call_url: 'call', start_choice: 'choice', seats: 'seats-set',
    };
    const id = ids[field];
    return id ? byId(id) : null;
  }

  clearFaults() {
    show(byId('book-problem'), false);
    for (const node of this.form.querySelectorAll('[aria-invalid]')) {
      clearFault(/** @type {HTMLElement} */ (node));
    }
  }
}

/** @param {string} id */
function input(id) {
  return byId(id, HTMLInputElement);
}

function zone() {
  return /** @type {HTMLSelectElement} */ (byId('zone')).value;
}

/** @param {Element} row @param {string} name */
function valueIn(row, name) {
  /** @type {HTMLInputElement | HTMLSelectElement | null} */
  const field = row.querySelector(`[data-name=${name}]`);
  return field?.value.trim() ?? '';
}

/** @param {Record<string, string>} fields */
function withoutEmpty(fields) {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value || name === 'role'));
}

/**
 * @param {HTMLElement} at
 * @param {string} words
 */
function showFault(at, words) {
  clearFault(at);
  const id = `${at.id}-fault`;
  at.setAttribute('aria-invalid', 'true');
  at.setAttribute('aria-describedby', id);
  const note = el('p', { id, class: 'fault', text: words });
  if (at instanceof HTMLFieldSetElement) at.append(note);
  else at.after(note);
  const target = at instanceof HTMLFieldSetElement ? at.querySelector('input') : at;
  target?.focus();
}

/** @param {HTMLElement} at */
function clearFault(at) {
  const holder = at.closest('[aria-invalid]');
  if (!holder) return;
  holder.removeAttribute('aria-invalid');
  holder.removeAttribute('aria-describedby');
  document.getElementById(`${holder.id}-fault`)?.remove();
}

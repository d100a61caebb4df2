// The pages' words and times, without a browser: every step, phase and reason says something, the
// last pages are last, and local times are read as the zone's clocks show them.

import assert from 'node:assert/strict';
import test from 'node:test';
import { readings, span, when } from '../../web/js/time.js';
import { endWords, joinView } from '../../web/js/words.js';

const kNow = Date.parse('2026-12-01T08:30:00Z');
const kSteps = ['planned', 'waiting', 'intent', 'launched', 'running', 'addressed', 'named',
  'ready', 'stale', 'occupied', 'closing', 'fenced', 'unnamed', 'killing', 'released', 'replaced',
  'failed', 'ended'];
const kPhases = ['booked', 'starting', 'running', 'ending', 'closing', 'over'];
const kReasons = ['cancelled', 'ended_by_organiser', 'ended_by_everyone', 'no_show', 'completed',
  'partial_no_show', 'overran', 'failed'];

/** @param {object} facts @returns {any} */
const status = (facts) => ({
  seat: 'm-1', role: 'teacher', name: 'Ada', title: 'Algebra', call_url: '',
  start: { at: '2026-12-01T09:00:00Z', zone: 'Europe/Berlin', local: '2026-12-01T10:00:00' },
  launch_at: '2026-12-01T08:50:00Z', planned_end: '2026-12-01T09:45:00Z',
  hard_cap: '2026-12-01T10:15:00Z', phase: 'starting', step: 'running', attempt: 1,
  can_enter: false, can_restart: false,
  steps: [{ name: 'booked', at: '2026-12-01T08:00:00Z' }, { name: 'launched', at: null },
    { name: 'running', at: null }, { name: 'named', at: null }, { name: 'ready', at: null }],
  others: [], trouble: null, failed: null, release_at: null, closing: null, end: null, ...facts,
});

test('every phase and step has a heading and a line of its own words', () => {
  for (const phase of kPhases) {
    for (const step of kSteps) {
      for (const end of [null, { reason: 'completed', at: '2026-12-01T09:45:00Z' }]) {
        const view = joinView(status({ phase, step, end }), kNow);
        assert.ok(view.heading.length > 5, `${phase} ${step}`);
        assert.ok(view.lines.length > 0, `${phase} ${step}`);
        assert.ok(!/undefined|null|NaN/.test(JSON.stringify(view.lines)), `${phase} ${step}`);
      }
    }
  }
});

test('only a desktop that can be entered offers Enter, and never after the end', () => {
  const end = { reason: 'cancelled', at: '2026-12-01T09:00:00Z' };
  assert.equal(joinView(status({ step: 'ready', can_enter: true }), kNow).enter, true);
  assert.equal(joinView(status({ step: 'ready', can_enter: false }), kNow).enter, false);
  assert.equal(joinView(status({ step: 'ready', can_enter: true, end }), kNow).enter, false);
  assert.equal(joinView(status({ phase: 'over', step: 'ended', end }), kNow).live, false);
});

test('every reason of an end is said in words of its own', () => {
  const words = new Set(kReasons.map(endWords));
  assert.equal(words.size, kReasons.length);
  assert.ok(!words.has(endWords('something new')));
});

test('who comes early is told when the desktop is started', () => {
  const view = joinView(status({ phase: 'booked', step: 'planned' }), kNow);
  assert.match(view.heading, /early/);
  assert.equal(view.count, 'Starts in 20 min');
  assert.ok(view.steps.every((step) => step.state !== 'now'));
});

test('a seat that was put away offers a restart only when there is one', () => {
  const facts = { phase: 'running', step: 'released' };
  assert.equal(joinView(status({ ...facts, can_restart: true }), kNow).restart, true);
  const view = joinView(status(facts), kNow);
  assert.equal(view.restart, false);
  assert.match(view.lines.join(' '), /can’t be started again/);
});

test('exactly the first open step is being worked on', () => {
  const { steps } = joinView(status({}), kNow);
  assert.deepEqual(steps.map((step) => step.state), ['done', 'now', 'todo', 'todo', 'todo']);
});

test('spans are said as people say them', () => {
  const rows = /** @type {[number, string][]} */ ([
    [-5, '0 s'], [59_000, '59 s'], [61_000, '1 min 1 s'], [299_000, '4 min 59 s'],
    [300_000, '5 min'], [3_600_000, '1 h'], [5_400_000, '1 h 30 min'], [172_800_000, '2 days'],
  ]);
  for (const [ms, words] of rows) assert.equal(span(ms), words);
});

test('a local time is read once, twice or never, as its zone has it', () => {
  const offsets = (/** @type {string} */ local, /** @type {string} */ zone) =>
    readings(local, zone).map((reading) => reading.offset);
  assert.deepEqual(offsets('2026-12-01T09:00', 'Europe/Berlin'), ['+01:00']);
  assert.deepEqual(offsets('2026-10-25T02:30', 'Europe/Berlin'), ['+02:00', '+01:00']);
  assert.deepEqual(offsets('2026-03-29T02:30', 'Europe/Berlin'), []);
  assert.deepEqual(offsets('2026-11-01T01:30', 'America/New_York'), ['−04:00', '−05:00']);
  assert.deepEqual(offsets('2026-12-01T09:00', 'Asia/Kathmandu'), ['+05:45']);
  assert.deepEqual(offsets('2026-12-01T09:00', 'No/Where'), []);
});

test('the meeting’s own zone is named only when its clocks differ from the reader’s', () => {
  const start = { at: '2026-12-01T09:00:00Z', zone: 'Europe/Berlin' };
  assert.match(when(start, 'America/New_York').theirs, /in Berlin$/);
  assert.equal(when(start, 'Europe/Paris').theirs, '');
  assert.equal(when({ ...start, zone: '' }, 'Europe/Paris').theirs, '');
});

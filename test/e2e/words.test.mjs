// The pages' words and times, without a browser: every step, phase and reason says something, the
// last pages are last, each state is told as it is, and local times are read as the zone's clocks
// show them.

import assert from 'node:assert/strict';
import test from 'node:test';
import { moment, readings, span, timeOrDay, when } from '../../web/js/time.js';
import { kNoWarning, nextWarning, warningWords } from '../../web/js/warning.js';
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

/** A desktop was there. */
const kHad = {
  steps: ['booked', 'launched', 'running', 'named', 'ready'].map((name) =>
    ({ name, at: '2026-12-01T08:20:00Z' })),
};

/** Of a meeting that ended today. @param {string} reason @param {string} phase */
const done = (reason, phase) =>
  ({ phase, step: 'ended', end: { reason, at: '2026-12-01T08:25:00Z' } });

/** @param {object} facts */
const told = (facts) => {
  const { heading, lines, count } = joinView(status(facts), kNow);
  return [heading, ...lines, count].filter(Boolean).join(' ');
};

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

test('what is there when is told as it is, in every state', () => {
  // The state, its facts, what must be said of it, and what would be untrue.
  const rows = /** @type {[string, object, RegExp, RegExp][]} */ ([
    ['too early', { phase: 'booked', step: 'planned', attempt: 0 },
      /early.* started at .*Desktop starts in 20 min/, /Starts in|started on/],
    ['too early by days', { phase: 'booked', step: 'planned', attempt: 0,
      start: { at: '2026-12-04T09:00:00Z', zone: '', local: '' },
      launch_at: '2026-12-04T08:50:00Z' }, /started on \S.*Desktop starts in 3 days/, / at /],
    ['waiting for a place', { step: 'waiting', attempt: 0, release_at: '2026-12-01T09:15:00Z',
      trouble: 'the limit is reached; trying again' },
      /Waiting for a place.*The limit is reached; trying again\./, /no desktop/i],
    ['no place in time', { phase: 'running', step: 'waiting', attempt: 0,
      release_at: '2026-12-01T08:29:00Z', trouble: 'the limit is reached; trying again' },
      /no desktop for you.*in time/, /being made ready|Waiting|trying/],
    ['no place in time, and there may be one now', { phase: 'running', step: 'waiting', attempt: 0,
      release_at: '2026-12-01T08:29:00Z', can_restart: true },
      /no desktop for you.*in time.*started now/, /organiser/],
    ['died when nobody comes any more', { phase: 'running', step: 'replaced',
      release_at: '2026-12-01T08:29:00Z' }, /if that is still possible/, /made ready|on its way/],
    ['launching', { step: 'launched' }, /being made ready.*starting up/, /gone/],
    ['launching again after it was put away', { step: 'launched', attempt: 2 },
      /The one before is gone/, /stopped working|did not come up/],
    ['ready', { ...kHad, step: 'ready', can_enter: true }, /ready.*It is yours/, /deleted/],
    ['released', { ...kHad, phase: 'running', step: 'released', can_restart: true },
      /put away.*still on.*Start your desktop again/, /can’t/],
    ['released while the meeting is closed, perhaps', { ...kHad, phase: 'ending',
      step: 'released' }, /can’t be started again now/, /for this meeting|still on/],
    ['being put away', { ...kHad, phase: 'running', step: 'fenced', closing: 'unused',
      can_restart: true }, /being put away. You can have it started again/, /In a moment/],
    ['being put away while the meeting is closed, perhaps', { ...kHad, phase: 'ending',
      step: 'fenced', closing: 'unused' }, /being put away\.$/, /can/],
    ['nobody came: closed, perhaps', { ...kHad, phase: 'ending', step: 'closing',
      closing: 'meeting_ended' }, /being closed.*Nobody was seen/, /any more|deleted/],
    ['died', { ...kHad, step: 'killing', closing: 'died' }, /if that is still possible/,
      /if one is left/],
    ['could not be started, for good', { step: 'closing', closing: 'never_ready', failed: 'no' },
      /No further try/, /new one/],
    ['own desktop failed', { step: 'failed', failed: 'no desktop could be started' },
      /No desktop could be started\. .*already can go on.*may be ended/, /are not affected/],
    ['cancelled before launch', { ...done('cancelled', 'closing'), attempt: 0 },
      /It was cancelled at.*no desktop.*still being closed/, /deleted|Nothing is left/],
    ['cancelled before launch, over', { ...done('cancelled', 'over'), attempt: 0 },
      /It was cancelled at.*no desktop.*Nothing is left/, /deleted|still/],
    ['cancelled while it is asked for', { ...done('cancelled', 'closing'), step: 'closing' },
      /still being closed/, /deleted|no desktop|Nothing is left/],
    ['cancelled while running', { ...done('cancelled', 'closing'), ...kHad, step: 'killing' },
      /files on it are being deleted/, /are deleted|Nothing is left/],
    ['cancelled while running; others live', { ...done('cancelled', 'closing'), ...kHad },
      /files on it are deleted. The meeting is still being closed/, /Nothing is left/],
    ['cancelled while running, over', { ...done('cancelled', 'over'), ...kHad },
      /files on it are deleted. Nothing is left/, /still/],
    ['ended by the organiser', { ...done('ended_by_organiser', 'over'), ...kHad },
      /The organiser ended.*It ended at.*are deleted. Nothing is left/, /cancelled/],
    ['ended without a desktop of its own', { ...done('partial_no_show', 'over'), attempt: 0 },
      /Everybody who came in had left.*You had no desktop/, /never came/],
    ['no-show; others live', { ...done('no_show', 'closing'), ...kHad },
      /Nobody came.*are deleted. The meeting is still/, /Nothing is left/],
    ['failed, own desktop fine', { ...done('failed', 'over'), ...kHad },
      /^A desktop that this meeting needs.*are deleted. Nothing is left/, /No desktop could/],
    ['failed, own desktop never was', { ...done('failed', 'over'), failed: 'no room' },
      /^A desktop that this meeting needs.*You had no desktop.*Nothing is left/, /deleted/],
    ['failed, own desktop died too often', { ...done('failed', 'over'), attempt: 3, failed: 'x' },
      /are deleted. Nothing is left/, /You had no desktop/],
    ['ended days ago', { ...done('completed', 'over'), ...kHad,
      end: { reason: 'completed', at: '2026-11-27T10:00:00Z' } }, /It ended on \S/, / at /],
  ]);
  for (const [name, facts, said, untrue] of rows) {
    assert.match(told(facts), said, name);
    assert.doesNotMatch(told(facts), untrue, name);
  }
});

test('nothing is left running, and the page is last, when the meeting is over, not before', () => {
  for (const phase of kPhases) {
    for (const step of kSteps) {
      for (const reason of kReasons) {
        const facts = { ...done(reason, phase), step };
        assert.equal(/Nothing is left/.test(told(facts)), phase === 'over', `${phase} ${step}`);
        assert.equal(joinView(status(facts), kNow).live, phase !== 'over', `${phase} ${step}`);
        assert.doesNotMatch(told({ ...facts, attempt: 0 }), /deleted/, `${phase} ${step}`);
      }
    }
  }
});

test('every reason of an end is said in words of its own', () => {
  const words = new Set(kReasons.map(endWords));
  assert.equal(words.size, kReasons.length);
  assert.ok(!words.has(endWords('something new')));
});

test('who comes early is told when the desktop is started', () => {
  const view = joinView(status({ phase: 'booked', step: 'planned' }), kNow);
  assert.match(view.heading, /early/);
  assert.equal(view.count, 'Desktop starts in 20 min');
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

test('a time has its day when that is not today, in the reader’s zone', () => {
  const at = Date.parse('2026-12-01T23:30:00Z');
  const rows = /** @type {[string, string, boolean][]} */ ([
    ['2026-12-01T00:10:00Z', 'UTC', true], ['2026-12-02T00:10:00Z', 'UTC', false],
    ['2026-11-01T23:30:00Z', 'UTC', false], ['2025-12-01T23:30:00Z', 'UTC', false],
    ['2026-12-02T00:10:00Z', 'Europe/Berlin', true],
    ['2026-12-01T22:50:00Z', 'Europe/Berlin', false],
    ['2026-12-02T04:50:00Z', 'America/New_York', true],
    ['2026-12-02T05:10:00Z', 'America/New_York', false],
  ]);
  for (const [now, zone, today] of rows) {
    const words = timeOrDay(at, Date.parse(now), zone);
    assert.equal(/\d/.test(words.replace(/\d+:\d+/, '')), !today, `${now} ${zone}: ${words}`);
    assert.equal(moment(at, Date.parse(now), zone), `${today ? 'at' : 'on'} ${words}`);
  }
});

const kMinute = 60_000;

/**
 * The warnings of a viewer that looks at these times left, in minutes; the end moves with a third.
 * @param {[number, number][]} looks from and to, second by second
 * @param {number[]} [ends] of each of them
 */
function warnings(looks, ends = []) {
  const shown = [];
  let warning = kNoWarning;
  for (const [index, [from, to]] of looks.entries()) {
    const end = ends[index] ?? kNow;
    for (let left = from * kMinute; left >= to * kMinute; left -= 1000) {
      warning = nextWarning(warning, end, end - left);
      if (warning.change !== '') shown.push(warning.change === 'show' ? warning.minutes : 'hide');
    }
  }
  return shown;
}

test('the viewer warns once at 10, 5 and 1 minutes, in this order', () => {
  const later = kNow + 60 * kMinute;
  const rows = /** @type {[string, [number, number][], number[], (number | string)[]][]} */ ([
    ['all the way', [[12, 0]], [], [10, 5, 1]],
    ['long over', [[12, -3]], [], [10, 5, 1]],
    ['not yet', [[70, 10.1]], [], []],
    ['exactly then', [[10, 10]], [], [10]],
    ['who comes late is told the next one only', [[4, 0]], [], [5, 1]],
    ['who comes last', [[0.5, 0]], [], [1]],
    ['asleep in between', [[11, 9], [3, 0.5]], [], [10, 5, 1]],
    ['asleep until the last minute', [[11, 9], [0.9, 0]], [], [10, 1]],
    ['the clock goes back a little at each', [[11, 9.9], [10.1, 4.9], [5.1, 0.9], [1.1, 0]], [],
      [10, 5, 1]],
    ['extended after the first', [[11, 9], [69, 0]], [kNow, later], [10, 'hide', 10, 5, 1]],
    ['extended before the first', [[12, 11], [71, 0]], [kNow, later], [10, 5, 1]],
    ['extended a little: the new end is told', [[11, 2], [7, 0]], [kNow, later],
      [10, 5, 10, 5, 1]],
  ]);
  for (const [name, looks, ends, shown] of rows) {
    assert.deepEqual(warnings(looks, ends), shown, name);
  }
});

test('a warning says how much is left at most, and when the end is', () => {
  for (const [minutes, words] of /** @type {[number, RegExp][]} */ ([
    [10, /^At most 10 minutes are left: .* closed at \d.*deleted\.$/],
    [5, /^At most 5 minutes are left/], [1, /^At most 1 minute is left/],
  ])) assert.match(warningWords({ minutes, end: kNow, change: 'show' }), words);
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

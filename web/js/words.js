// What the facts of a status mean, in plain words. Pure functions: status and time in, words out.

import { moment, span } from './time.js';

/** @typedef {import('./types.js').JoinStatus} JoinStatus */
/** @typedef {import('./types.js').Step} Step */
/** @typedef {{label: string, state: 'done' | 'now' | 'todo', at: string | null}} StepView */
/**
 * What the join page shows. `tone` picks its colour; `count` changes every second and is not
 * read out; `live` is false on a last page.
 * @typedef {{tone: 'wait' | 'go' | 'bad' | 'over', tab: string, heading: string, lines: string[],
 *            steps: StepView[], count: string, enter: boolean, restart: boolean,
 *            live: boolean}} View
 */

/** @type {Record<string, string>} */
const kEndWords = {
  cancelled: 'This meeting was cancelled.',
  ended_by_organiser: 'The organiser ended this meeting.',
  ended_by_everyone: 'Everybody who was here chose to end this meeting.',
  no_show: 'Nobody came, so this meeting was ended.',
  completed: 'Everybody had left, so this meeting was ended.',
  partial_no_show:
    'Everybody who came in had left, so this meeting was ended. Not everybody came in.',
  overran: 'This meeting reached the end of its time.',
  failed: 'A desktop that this meeting needs could not be had, so the meeting was ended.',
};

/** @param {string} reason */
export function endWords(reason) {
  return kEndWords[reason] ?? 'This meeting has ended.';
}

/** @type {Record<string, string>} */
const kStepLabels = {
  booked: 'Booked',
  launched: 'Desktop started',
  running: 'Desktop running',
  named: 'Reachable by its name',
  ready: 'Answers, ready for you',
};

/** @type {Record<Step, string>} */
const kDoing = {
  planned: 'Your desktop is about to be started.',
  waiting: 'Waiting for a place to start your desktop.',
  intent: 'Asking for your desktop.',
  launched: 'Your desktop is starting up.',
  running: 'Your desktop is running. Looking up where it is.',
  addressed: 'Your desktop is running. Giving it its name.',
  named: 'Your desktop has its name. Checking that it really answers.',
  ready: 'Your desktop answered. It is yours.',
  stale: 'Your desktop answered before, and does not just now. Checking again.',
  occupied: 'Your desktop is open in a tab or on another device.',
  closing: 'Your desktop is being taken down.',
  fenced: 'Your desktop is being taken down.',
  unnamed: 'Your desktop is being taken down.',
  killing: 'Your desktop is being taken down.',
  released: 'Your desktop was put away.',
  replaced: 'Your desktop is gone. A new one is started for you, if that is still possible.',
  failed: 'No desktop could be had.',
  ended: 'Your desktop is gone.',
};

/** @type {Record<string, string>} */
const kChips = {
  planned: 'not started', waiting: 'waiting', intent: 'starting', launched: 'starting',
  running: 'starting', addressed: 'starting', named: 'checking', ready: 'ready',
  stale: 'not answering', occupied: 'in use', closing: 'closing', fenced: 'closing',
  unnamed: 'closing', killing: 'closing', released: 'put away', replaced: 'replacing',
  failed: 'failed', ended: 'ended',
};

/** @type {Record<string, string>} */
const kChipTones = {
  ready: 'go', occupied: 'go', stale: 'bad', failed: 'bad', planned: 'quiet', released: 'quiet',
  ended: 'quiet',
};

/** @param {string} step */
export function chip(step) {
  return { text: kChips[step] ?? step, tone: kChipTones[step] ?? 'wait' };
}

/** @type {Record<string, string>} */
const kPhases = {
  booked: 'booked', starting: 'starting', running: 'running', ending: 'closing',
  closing: 'closing', over: 'over',
};

/** @param {string} phase */
export function phaseWords(phase) {
  return kPhases[phase] ?? phase;
}

/**
 * @param {JoinStatus} status
 * @param {number} now
 * @returns {View}
 */
export function joinView(status, now) {
  if (status.end || status.phase === 'closing' || status.phase === 'over') {
    return ended(status, now);
  }
  if (status.step === 'failed') return failed(status);
  if (status.step === 'released') return released(status);
  if (status.closing) return closing(status);
  if (status.phase === 'booked' && now < Date.parse(status.launch_at)) return early(status, now);
  if (status.can_enter) return ready(status);
  return starting(status, now);
}

/** @param {JoinStatus} status @param {number} now @returns {View} */
function ended(status, now) {
  const { end } = status;
  const verb = end?.reason === 'cancelled' ? 'was cancelled' : 'ended';
  return {
    ...blank(status), tone: 'over', tab: 'Ended', heading: endWords(end?.reason ?? ''),
    lines: [end ? `It ${verb} ${moment(Date.parse(end.at), now)}.` : '', remains(status)]
      .filter(Boolean),
    live: status.phase !== 'over',
  };
}

/**
 * What an ended meeting leaves of this seat, and of itself: the desktops of others may live longer.
 * @param {JoinStatus} status
 */
function remains(status) {
  const over = status.phase === 'over';
  const gone = over || status.step === 'ended';
  const had = status.attempt > 1
    || status.steps.some((step) => step.name === 'launched' && step.at !== null);
  const words = [];
  if (had) words.push(`Your desktop and the files on it are ${gone ? '' : 'being '}deleted.`);
  else if (gone) words.push('You had no desktop in this meeting.');
  if (over) words.push('Nothing is left running.');
  else if (gone || !had) words.push('The meeting is still being closed.');
  return words.join(' ');
}

/** @param {JoinStatus} status @returns {View} */
function failed(status) {
  return {
    ...blank(status), tone: 'bad', tab: 'Failed', heading: 'There is no desktop for you.',
    lines: [sentence(status.failed) || 'It could not be started, and no further try is left.',
      'Please tell the organiser. Whoever is in their desktop already can go on; if nobody is, '
        + 'this meeting may be ended.'],
    restart: status.can_restart,
  };
}

/** @param {JoinStatus} status @returns {View} */
function released(status) {
  return {
    ...blank(status), tone: 'over', tab: 'Put away',
    heading: 'Your desktop was put away.',
    lines: [
      'Nobody had come to it, or it stopped working and there was no room for another.',
      status.can_restart
        ? 'The meeting is still on. Start your desktop again and you can join.'
        : 'It can’t be started again now.',
    ],
    restart: status.can_restart,
  };
}

/** @param {JoinStatus} status @returns {View} */
function closing(status) {
  const next = status.failed ? 'No further try is left.'
    : 'A new one is started for you, if that is still possible.';
  /** @type {Record<string, [string, string]>} */
  const words = {
    unused: ['Nobody had come, so your desktop is being put away.',
      status.can_restart ? 'You can have it started again.' : ''],
    died: ['Your desktop stopped working.', next],
    never_ready: ['Your desktop did not come up in time.', next],
    meeting_ended: ['The meeting is being closed.', 'Nobody was seen in its desktops.'],
  };
  const [heading, line] = words[status.closing ?? ''] ?? ['Your desktop is being taken down.', ''];
  return {
    ...blank(status), tone: 'wait', tab: 'Wait', heading, lines: line ? [line] : [],
    restart: status.can_restart,
  };
}

/** @param {JoinStatus} status @param {number} now @returns {View} */
function early(status, now) {
  const launch = Date.parse(status.launch_at);
  return {
    ...blank(status), tone: 'wait', tab: `In ${span(Date.parse(status.start.at) - now)}`,
    heading: 'You are early.',
    lines: [`Your desktop will be started ${moment(launch, now)}. `
      + 'You can leave this page open: it goes on by itself.'],
    count: `Desktop starts in ${span(launch - now)}`,
    steps: steps(status, false),
  };
}

/** @param {JoinStatus} status @returns {View} */
function ready(status) {
  return {
    ...blank(status), tone: 'go', tab: 'Ready', heading: 'Your desktop is ready.',
    lines: [kDoing[status.step] ?? ''],
    steps: steps(status, true), enter: true,
  };
}

/** @param {JoinStatus} status @param {number} now @returns {View} */
function starting(status, now) {
  if (isLate(status, now)) return late(status);
  const again = status.attempt > 1
    ? `The one before is gone: this is desktop ${status.attempt} of this seat.` : '';
  return {
    ...blank(status), tone: status.step === 'stale' ? 'bad' : 'wait', tab: 'Starting',
    heading: status.step === 'stale' ? 'Just a moment.' : 'Your desktop is being made ready.',
    lines: [kDoing[status.step] ?? '', again, sentence(status.trouble)].filter(Boolean),
    steps: steps(status, true), restart: status.can_restart,
  };
}

/**
 * Without a desktop after the time in which an unused one is kept: a seat that nobody has used gets
 * none any more, and a used one may.
 * @param {JoinStatus} status
 * @param {number} now
 */
function isLate(status, now) {
  return (status.step === 'waiting' || status.step === 'replaced')
    && status.release_at !== null && now >= Date.parse(status.release_at);
}

/** @param {JoinStatus} status @returns {View} */
function late(status) {
  return {
    ...blank(status), tone: 'bad', tab: 'No desktop', heading: 'There is no desktop for you.',
    lines: [status.step === 'waiting' ? 'It could not be started in time.'
      : status.can_restart ? kDoing.ended : kDoing.replaced,
      status.can_restart ? 'You can have it started now.' : 'Please tell the organiser.'],
    restart: status.can_restart,
  };
}

/** The server's words as a sentence. @param {string | null} text */
function sentence(text) {
  if (!text) return '';
  return `${text[0]?.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** @param {JoinStatus} status @returns {View} */
function blank(status) {
  return {
    tone: 'wait', tab: status.title, heading: '', lines: [], steps: [], count: '',
    enter: false, restart: false, live: true,
  };
}

/**
 * @param {JoinStatus} status
 * @param {boolean} working the first step that is not done is being worked on
 * @returns {StepView[]}
 */
function steps(status, working) {
  let open = working;
  return status.steps.map((step) => {
    const label = kStepLabels[step.name] ?? step.name;
    if (step.at) return { label, state: 'done', at: step.at };
    const state = open ? 'now' : 'todo';
    open = false;
    return { label, state, at: null };
  });
}

// What the facts of a status mean, in plain words. Pure functions: status and time in, words out.

import { clockTime, span } from './time.js';

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
    'Everybody who came had left, and somebody never came, so this meeting was ended.',
  overran: 'This meeting reached the end of its time.',
  failed: 'No desktop could be started for this meeting, so it was ended.',
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
  replaced: 'A new desktop is on its way.',
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
  if (status.end || status.phase === 'closing' || status.phase === 'over') return ended(status);
  if (status.step === 'failed') return failed(status);
  if (status.step === 'released') return released(status);
  if (status.closing) return closing(status);
  if (status.phase === 'booked' && now < Date.parse(status.launch_at)) return early(status, now);
  if (status.can_enter) return ready(status);
  return starting(status);
}

/** @param {JoinStatus} status @returns {View} */
function ended(status) {
  const gone = status.phase === 'over' || status.step === 'ended';
  return {
    ...blank(status), tone: 'over', tab: 'Ended', heading: endWords(status.end?.reason ?? ''),
    lines: [
      status.end ? `It ended at ${clockTime(Date.parse(status.end.at))}.` : '',
      gone ? 'Your desktop and the files on it are deleted. Nothing is left running.'
        : 'Your desktop and the files on it are being deleted.',
    ].filter(Boolean),
    live: !gone,
  };
}

/** @param {JoinStatus} status @returns {View} */
function failed(status) {
  return {
    ...blank(status), tone: 'bad', tab: 'Failed', heading: 'There is no desktop for you.',
    lines: [status.failed || 'It could not be started, and no further try is left.',
      'Please tell the organiser. The other people in the meeting are not affected.'],
    restart: status.can_restart,
  };
}

/** @param {JoinStatus} status @returns {View} */
function released(status) {
  return {
    ...blank(status), tone: 'over', tab: 'Put away',
    heading: 'Nobody had come, so your desktop was put away.',
    lines: [status.can_restart
      ? 'The meeting is still on. Start your desktop again and you can join.'
      : 'It can’t be started again for this meeting.'],
    restart: status.can_restart,
  };
}

/** @param {JoinStatus} status @returns {View} */
function closing(status) {
  /** @type {Record<string, [string, string]>} */
  const words = {
    unused: ['Nobody had come, so your desktop is being put away.',
      'In a moment you can start it again.'],
    died: ['Your desktop stopped working.', 'A new one is started for you, if one is left.'],
    never_ready: ['Your desktop did not come up in time.',
      'A new one is started for you, if one is left.'],
    meeting_ended: ['The meeting is being closed.', 'Nobody was there any more.'],
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
    lines: [`Your desktop will be started at ${clockTime(launch)}. `
      + 'You can leave this page open: it goes on by itself.'],
    count: `Starts in ${span(launch - now)}`,
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

/** @param {JoinStatus} status @returns {View} */
function starting(status) {
  const again = status.attempt > 1
    ? `The one before stopped working or did not come up: this is try ${status.attempt}.` : '';
  return {
    ...blank(status), tone: status.step === 'stale' ? 'bad' : 'wait', tab: 'Starting',
    heading: status.step === 'stale' ? 'Just a moment.' : 'Your desktop is being made ready.',
    lines: [kDoing[status.step] ?? '', again, status.trouble ?? ''].filter(Boolean),
    steps: steps(status, true), restart: status.can_restart,
  };
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

// When the viewer warns that the time is running out: once at each of ten, five and one minutes, or
// at the next of them for whoever comes later. Pure: what was, an end and a time in, what is out.

import { clockTime } from './time.js';

const kMinute = 60_000;
const kWarnAtMinutes = [10, 5, 1];

/**
 * The last warning that is due, in minutes before the end (Infinity: none yet), the end it was
 * reckoned for, and what to do about it now.
 * @typedef {{minutes: number, end: number, change: 'show' | 'hide' | ''}} Warning
 */

/** @type {Warning} */
export const kNoWarning = { minutes: Infinity, end: 0, change: '' };

/**
 * @param {Warning} before
 * @param {number} end when the meeting is closed
 * @param {number} now
 * @returns {Warning}
 */
export function nextWarning(before, end, now) {
  const moved = end !== before.end;
  const due = kWarnAtMinutes.filter((minutes) => end - now <= minutes * kMinute);
  // A clock that is set right in between may go back a little: nothing is warned of twice.
  const minutes = Math.min(...due, moved ? Infinity : before.minutes);
  if (minutes === Infinity) {
    return { minutes, end, change: before.minutes === Infinity ? '' : 'hide' };
  }
  return { minutes, end, change: moved || minutes < before.minutes ? 'show' : '' };
}

/** Stays true while it is shown: the time left is in the bar. @param {Warning} warning */
export function warningWords({ minutes, end }) {
  const left = minutes === 1 ? '1 minute is' : `${minutes} minutes are`;
  return `At most ${left} left: this meeting is closed at ${clockTime(end)}. `
    + 'Then this desktop and its files are deleted.';
}

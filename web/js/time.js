// Instants and spans in words. Times are shown in the reader's zone, and in the meeting's zone too
// when its clocks show something else.

const kSecond = 1000;
const kMinute = 60 * kSecond;
const kHour = 60 * kMinute;
const kDay = 24 * kHour;

// Where the system names none ("Etc/Unknown"), times are shown in UTC.
const systemZone = Intl.DateTimeFormat().resolvedOptions().timeZone || '';
export const ownZone = zoneKnown(systemZone) ? systemZone : 'UTC';

/** @param {string} zone */
export function zoneKnown(zone) {
  try {
    return zone !== '' && Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
}

/**
 * "Tue 1 Dec, 09:00" in a zone; the year only when it is not this one.
 * @param {number} at
 * @param {string} [zone]
 */
export function dateTime(at, zone = ownZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const shape = {
    weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit',
    timeZone: zone,
  };
  if (new Date(at).getFullYear() !== new Date().getFullYear()) shape.year = 'numeric';
  return new Intl.DateTimeFormat(undefined, shape).format(at);
}

/**
 * @param {number} at
 * @param {string} [zone]
 */
export function clockTime(at, zone = ownZone) {
  return new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', timeZone: zone })
    .format(at);
}

/**
 * "09:00"; "Tue 1 Dec, 09:00" when that is not the day that it is now, in a zone.
 * @param {number} at
 * @param {number} now
 * @param {string} [zone]
 */
export function timeOrDay(at, now, zone = ownZone) {
  return sameDay(at, now, zone) ? clockTime(at, zone) : dateTime(at, zone);
}

/**
 * The same within a sentence: "at 09:00", "on Tue 1 Dec, 09:00".
 * @param {number} at
 * @param {number} now
 * @param {string} [zone]
 */
export function moment(at, now, zone = ownZone) {
  return `${sameDay(at, now, zone) ? 'at' : 'on'} ${timeOrDay(at, now, zone)}`;
}

/**
 * @param {number} one
 * @param {number} other
 * @param {string} zone
 */
function sameDay(one, other, zone) {
  const day = new Intl.DateTimeFormat('en-US', { dateStyle: 'short', timeZone: zone });
  return day.format(one) === day.format(other);
}

/**
 * When a meeting is, for the reader: own zone first; the meeting's own when it differs.
 * @param {{at: string, zone: string}} start
 * @param {string} [reader]
 * @returns {{own: string, theirs: string}} theirs is '' when both zones show the same
 */
export function when(start, reader = ownZone) {
  const at = Date.parse(start.at);
  const own = dateTime(at, reader);
  if (!zoneKnown(start.zone)) return { own, theirs: '' };
  const theirs = dateTime(at, start.zone);
  return { own, theirs: theirs === own ? '' : `${theirs} in ${placeOf(start.zone)}` };
}

/** @param {string} zone "America/New_York" -> "New York" */
export function placeOf(zone) {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
}

/**
 * A span as people say it: seconds only below five minutes, days above two.
 * @param {number} ms
 */
export function span(ms) {
  const left = Math.max(0, ms);
  if (left >= 2 * kDay) return `${Math.round(left / kDay)} days`;
  if (left >= kHour) {
    const minutes = Math.floor((left % kHour) / kMinute);
    return `${Math.floor(left / kHour)} h${minutes ? ` ${minutes} min` : ''}`;
  }
  if (left >= 5 * kMinute) return `${Math.floor(left / kMinute)} min`;
  const minutes = Math.floor(left / kMinute);
  const seconds = Math.floor((left % kMinute) / kSecond);
  return minutes ? `${minutes} min ${seconds} s` : `${seconds} s`;
}

/**
 * The offsets that a zone's clocks have when they show `local`: two when the time exists twice,
 * none when it does not exist. For the words beside the choice only; the server decides.
 * @param {string} local "2026-10-25T02:30"
 * @param {string} zone
 * @returns {{offset: string, at: number}[]} earliest instant first
 */
export function readings(local, zone) {
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall) || !zoneKnown(zone)) return [];
  const found = [];
  const tried = new Set();
  for (const around of [wall - kDay, wall + kDay]) {
    const offset = offsetAt(around, zone);
    const at = wall - offset * kMinute;
    if (tried.has(offset) || offsetAt(at, zone) !== offset) continue;
    tried.add(offset);
    found.push({ offset: offsetText(offset), at });
  }
  return found.sort((a, b) => a.at - b.at);
}

/**
 * @param {number} at
 * @param {string} zone
 * @returns {number} minutes east of UTC
 */
function offsetAt(at, zone) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
    hour: 'numeric', minute: 'numeric',
  }).formatToParts(at);
  /** @param {string} type */
  const part = (type) => Number(parts.find((p) => p.type === type)?.value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
  return Math.round((wall - Math.floor(at / kMinute) * kMinute) / kMinute);
}

/** @param {number} minutes */
function offsetText(minutes) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * The next full quarter of an hour from `at`, as the date and time inputs want it, in the own zone.
 * @param {number} at
 */
export function nextQuarter(at) {
  const quarter = new Date(Math.ceil(at / (15 * kMinute)) * 15 * kMinute);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return {
    date: `${quarter.getFullYear()}-${two(quarter.getMonth() + 1)}-${two(quarter.getDate())}`,
    time: `${two(quarter.getHours())}:${two(quarter.getMinutes())}`,
  };
}

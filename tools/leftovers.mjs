// What of a meeting's desktops exists on this machine, read from /proc, sockets and cgroups alone:
// howdah is never asked. First traces() while the desktops run, then leftOf() those traces later.

import fs from 'node:fs';
import path from 'node:path';

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';  // it ended meanwhile, or is not ours to read
  }
}

/** @param {string} link */
function target(link) {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

/** @param {string} folder */
function entries(folder) {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

const pids = () => entries('/proc').filter((name) => /^\d+$/.test(name)).map(Number);

/** A process by number and start: a number alone may be another's tomorrow. @param {number} pid */
function look(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid, key: `${pid}@${fields[19]}`, parent: Number(fields[1]),
    name: read(`/proc/${pid}/comm`).trim(), zombie: fields[0] === 'Z',
    space: target(`/proc/${pid}/ns/pid`), network: target(`/proc/${pid}/ns/net`),
  };
}

/** @typedef {ReturnType<typeof look>} Process */

/** Socket inodes that a process holds. @param {number} pid */
const socketsOf = (pid) => entries(`/proc/${pid}/fd`)
  .map((fd) => /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${fd}`))?.[1] ?? '')
  .filter((inode) => inode !== '');

/** The folders of a process's control groups that are its desktop's own. @param {number} pid */
function cgroupsOf(pid) {
  const folders = [];
  for (const line of read(`/proc/${pid}/cgroup`).split('\n')) {
    const [number, controllers, group] = line.split(':');
    if (!group || group === '/') continue;
    const root = number === '0' ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controllers}`;
    folders.push(path.join(root, group));
  }
  return folders;
}

/** Every unix and TCP socket of this machine by inode, in all network namespaces we can see. */
function allSockets() {
  const inodes = new Set();
  const seen = new Set();
  for (const pid of pids()) {
    const network = target(`/proc/${pid}/ns/net`);
    if (network === '' || seen.has(network)) continue;
    seen.add(network);
    for (const table of ['unix', 'tcp', 'tcp6']) {
      for (const line of read(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
        inodes.add(line.trim().split(/\s+/)[table === 'unix' ? 6 : 9]);
      }
    }
  }
  return inodes;
}

/** @param {number} pid @param {string} meeting */
const names = (pid, meeting) =>
  read(`/proc/${pid}/environ`).includes(`HOWDAH_DESKTOP=${meeting}-`) ||
  read(`/proc/${pid}/cmdline`).includes(meeting);

/**
 * All that belongs to the desktops of `meeting` now.
 * @param {string} meeting @param {number} server its processes are not a desktop's
 */
export function traces(meeting, server) {
  const all = new Map(pids().map((pid) => [pid, look(pid)]));
  const own = look(process.pid);
  const spaces = new Set([...all.values()]
    .filter((one) => one.space !== own.space && names(one.pid, meeting)).map((one) => one.space));
  /** @type {Map<number, Process>} */
  const mine = new Map();
  for (const one of all.values()) {
    if (!spaces.has(one.space)) continue;
    // And whoever started it, up to the server or the machine's init.
    for (let at = one; at && at.pid > 1 && at.pid !== server && at.pid !== process.pid;) {
      mine.set(at.pid, at);
      at = /** @type {Process} */ (all.get(at.parent));
    }
  }
  const processes = [...mine.values()];
  const outer = new Set(cgroupsOf(process.pid));
  return {
    meeting,
    processes,
    spaces,
    networks: new Set(processes.map((one) => one.network).filter((one) => one !== own.network)),
    sockets: new Set(processes.filter((one) => spaces.has(one.space))
      .flatMap((one) => socketsOf(one.pid))),
    cgroups: new Set(processes.filter((one) => spaces.has(one.space))
      .flatMap((one) => cgroupsOf(one.pid)).filter((folder) => !outer.has(folder))),
  };
}

/**
 * What of `known` is still there, in words; empty: nothing.
 * @param {ReturnType<typeof traces>} known
 */
export function leftOf(known) {
  const left = [];
  const sockets = allSockets();
  const keys = new Set(known.processes.map((one) => one.key));
  for (const one of pids().map(look)) {
    const same = keys.has(one.key);
    if (same || known.spaces.has(one.space) || known.networks.has(one.network)) {
      left.push(`process ${one.pid} (${one.name})`);
    } else if (one.pid !== process.pid && names(one.pid, known.meeting)) {
      left.push(`process ${one.pid} (${one.name}) names the meeting`);
    }
  }
  for (const inode of known.sockets) if (sockets.has(inode)) left.push(`socket ${inode}`);
  for (const folder of known.cgroups) if (fs.existsSync(folder)) left.push(`cgroup ${folder}`);
  for (const line of read('/proc/self/mountinfo').split('\n')) {
    if (line.includes(known.meeting)) left.push(`mount ${line.split(' ')[4]}`);
  }
  return left;
}

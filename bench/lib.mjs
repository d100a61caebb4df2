// What the measurements share: a real server with a configuration, its organiser and people, the
// load generator, medians, and the form of a figure.

import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const top = path.resolve(import.meta.dirname, "..");
export const binary = path.join(top, "build/release/src/bin/howdah");
export const tools = path.join(top, "build/release/bench");
export const scratch = path.join(top, "build/bench");

export { sleep };

export function say(text) {
  process.stderr.write(`   ${text}\n`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// bound: "ratio >= 0.6", "value < 2"; the side that it names is what must hold.
export function figure(name, value, unit, reference, bound) {
  const ratio = reference ? value / reference : null;
  const [side, relation, limit] = bound.split(" ");
  const number = side === "ratio" ? ratio : value;
  const holds = {
    ">=": number >= Number(limit),
    "<": number < Number(limit),
    "<=": number <= Number(limit),
  }[relation];
  return { name, value, unit, reference: reference ?? null, ratio, bound, holds };
}

// A shared machine disturbs what is measured. As root, both sides of a comparison run before
// everybody else: with real-time priority, so that the 99th percentile is theirs and not that of
// whatever else runs here; desktops, which would inherit it, only with a better nice value.
const root = process.getuid() === 0;
export const undisturbed = root ? ["chrt", "-r", "1"] : [];
const preferred = root ? ["nice", "-n", "-20"] : [];

export function start(program, args, { before = preferred, ...options } = {}) {
  const stdio = ["pipe", "pipe", "inherit"];
  const [first, ...rest] = [...before, program, ...args];
  const child = spawn(first, rest, { stdio, ...options });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}
const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

export async function output(program, args, input, before = preferred) {
  const child = start(program, args, { before });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let text = "";
  for await (const part of child.stdout) text += part;
  const code = child.exitCode ?? (await new Promise((done) => child.once("close", done)));
  if (code !== 0) throw new Error(`${path.basename(program)} ended with ${code}: ${text}`);
  return JSON.parse(text);
}

// connections, seconds, rate (0: as fast as answers come), status that a good answer has.
export async function load(port, requests, { connections = 32, seconds, rate = 0, status = 200,
  number = 0, most = 0 }) {
  const args = [port, connections, seconds, rate, status, number, most].map(String);
  const result = await output(path.join(tools, "bench_load"), args, requests.join("\0") + "\0",
    undisturbed);
  if (result.bad > 0) throw new Error(`${result.bad} answers had not the status ${status}`);
  return { ...result, per_second: result.good / result.seconds };
}

export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export function fresh(name) {
  const folder = path.join(scratch, name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

export function onDisk(folder) {
  const memory = [0x01021994, 0x858458f6];  // tmpfs, ramfs
  return !memory.includes(fs.statfsSync(folder).type);
}

function toml(settings) {
  return Object.entries(settings).map(([section, values]) => {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
    return [section === "image" ? "[[image]]" : `[${section}]`, ...lines].join("\n");
  }).join("\n\n");
}

// `howdah serve` on a folder of its own.
export class Server {
  constructor(folder, settings, port) {
    this.before = preferred;
    this.folder = folder;
    this.state = path.join(folder, "state");
    this.port = port;
    this.origin = `http://127.0.0.1:${port}`;
    this.config = path.join(folder, "howdah.toml");
    this.agent = new http.Agent({ keepAlive: true });
    const { server, ...others } = settings;
    fs.writeFileSync(this.config, toml({
      server: { listen: `127.0.0.1:${port}`, metrics_open: true, ...server },
      state: { folder: this.state },
      log: { level: "warn" },
      ...others,
    }));
  }

  static async make(name, settings = {}) {
    return new Server(fresh(name), settings, await freePort());
  }

  // Answers the milliseconds from the start to the first good /readyz.
  async start() {
    const log = fs.openSync(path.join(this.folder, "output"), "a");
    const began = performance.now();
    const options = { stdio: ["ignore", log, log], before: this.before };
    this.child = start(binary, ["serve", "--config", this.config], options);
    fs.closeSync(log);
    for (;;) {
      if (this.child.exitCode !== null) {
        throw new Error(fs.readFileSync(path.join(this.folder, "output"), "utf8"));
      }
      try {
        if ((await this.call("GET", "/readyz")).status === 200) break;
      } catch (error) {
        if (performance.now() - began > 60_000) throw error;
      }
      await sleep(2);
    }
    const took = performance.now() - began;
    this.key = fs.readFileSync(path.join(this.state, "api_key"), "utf8").trim();
    return took;
  }

  get pid() {
    return this.child.pid;
  }

  async stop(signal = "SIGTERM") {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill(signal);
    await ended;
    this.agent.destroy();
    this.agent = new http.Agent({ keepAlive: true });
  }

  call(method, where, { headers = {}, body } = {}) {
    const options = { method, agent: this.agent, headers: { ...headers } };
    if (body !== undefined) options.headers["Content-Type"] = "application/json";
    return new Promise((done, failed) => {
      const request = http.request(this.origin + where, options, (reply) => {
        const parts = [];
        reply.on("data", (part) => parts.push(part));
        reply.on("end", () => done({ status: reply.statusCode, headers: reply.headers,
          body: Buffer.concat(parts).toString() }));
        reply.on("error", failed);
      });
      request.on("error", failed);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async must(method, where, options, status) {
    const reply = await this.call(method, where, options);
    if (reply.status !== status) {
      throw new Error(`${method} ${where}: ${reply.status} ${reply.body}`);
    }
    return reply;
  }

  async organiser(method, where, body, status = 200) {
    const headers = { Authorization: `Bearer ${this.key}` };
    const reply = await this.must(method, where, { headers, body }, status);
    return reply.body === "" ? null : JSON.parse(reply.body);
  }

  book(startsIn, more = {}) {
    const start = new Date(Date.now() + startsIn * 1000).toISOString();
    return this.organiser("POST", "/v1/meetings",
      { title: "Algebra", start, length_minutes: 45, ...more }, 201);
  }

  // A person's cookie, "name=value", got as a browser gets it.
  async exchange(seat) {
    const reply = await this.must("POST", "/v1/join/exchange",
      { headers: { Origin: this.origin }, body: { link: seat.link.split("#")[1] } }, 200);
    return reply.headers["set-cookie"][0].split(";")[0];
  }

  cpuSeconds() {
    const fields = fs.readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  memory(field = "VmRSS") {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(status.match(new RegExp(`${field}:\\s+(\\d+)`))[1]) / 1024;
  }
}

// Runs `work` on all items, `width` at a time.
export async function together(items, width, work) {
  const results = new Array(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index], index);
    }
  }));
  return results;
}

// Durable bookings over HTTP, against plain SQLite writing the same rows on the same disk.

import path from "node:path";
import { figure, fresh, load, median, onDisk, output, say, Server, tools } from "./lib.mjs";

const rounds = 9;
const seconds = 1;

const settings = {
  limits: { requests_per_link: 0, requests_per_link_burst: 0 },
};

function request(server) {
  const body = JSON.stringify({
    title: "Algebra ########", length_minutes: 45, call_url: "https://meet.example.org/algebra",
    start: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    seats: [{ role: "teacher", name: "Ada", email: "ada@example.org" }, { role: "student" }],
  });
  return `POST /v1/meetings HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
    `Authorization: Bearer ${server.key}\r\nContent-Type: application/json\r\n` +
    `Idempotency-Key: bench-########\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

export async function booking(storeFile) {
  const server = await Server.make("booking", settings);
  if (!onDisk(server.folder)) throw new Error(`${server.folder} is in memory, not on a disk`);
  await server.start();
  const requests = [request(server)];
  const plainFile = path.join(fresh("plain"), "plain.db");
  let number = 0;
  const book = async (connections) => {
    const result = await load(server.port, requests,
      { connections, seconds, status: 201, number: (number += 1_000_000) });
    return result.per_second;
  };
  const plain = async () => {
    const file = path.join(server.state, storeFile);
    const { written, seconds: took } = await output(path.join(tools, "bench_plain_sqlite"),
      [file, plainFile, "20000", String(seconds)]);
    return written / took;
  };
  await book(32);  // what plain SQLite writes again
  const [one, many, reference] = [[], [], []];
  for (let i = 0; i < rounds; ++i) {
    reference.push(await plain());
    one.push(await book(1));
    many.push(await book(32));
    say(`round ${i + 1}: 1 client ${Math.round(one[i])}/s, 32 clients ${Math.round(many[i])}/s, ` +
      `plain SQLite ${Math.round(reference[i])}/s`);
  }
  await server.stop();
  const ratio = (values) => median(values.map((value, i) => value / reference[i]));
  const figures = [
    figure("durable booking, 1 client", median(one), "bookings/s", median(reference),
      "ratio >= 0.6"),
    figure("durable booking, 32 clients", median(many), "bookings/s", median(reference),
      "ratio >= 5"),
  ];
  figures[0].ratio = ratio(one);
  figures[1].ratio = ratio(many);
  figures[0].holds = figures[0].ratio >= 0.6;
  figures[1].holds = figures[1].ratio >= 5;
  return figures;
}

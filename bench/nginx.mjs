// The reference for serving bytes: nginx with one worker, keep-alive, no access log, sendfile, and
// a static file in memory.

import fs from "node:fs";
import path from "node:path";
import { freePort, fresh, sleep, start, undisturbed } from "./lib.mjs";

export class Nginx {
  static async make(bytes) {
    const nginx = new Nginx();
    const folder = fresh("nginx");
    nginx.port = await freePort();
    nginx.files = fs.mkdtempSync("/dev/shm/howdah-bench-");
    fs.chmodSync(nginx.files, 0o755);
    fs.writeFileSync(path.join(nginx.files, "status.json"), "x".repeat(bytes), { mode: 0o644 });
    fs.writeFileSync(path.join(folder, "nginx.conf"), `
      worker_processes 1;
      daemon off;
      pid ${folder}/pid;
      error_log ${folder}/error.log warn;
      events { worker_connections 512; }
      http {
        access_log off;
        sendfile on;
        tcp_nopush on;
        keepalive_timeout 75;
        keepalive_requests 1000000000;
        types { application/json json; }
        server { listen 127.0.0.1:${nginx.port}; root ${nginx.files}; }
      }`);
    const args = ["-p", folder, "-c", path.join(folder, "nginx.conf")];
    nginx.child = start("/usr/sbin/nginx", args, { before: undisturbed });
    for (let i = 0; i < 200; ++i) {
      try {
        if ((await fetch(`http://127.0.0.1:${nginx.port}/status.json`)).ok) return nginx;
      } catch {
        await sleep(20);
      }
    }
    throw new Error("nginx did not start");
  }

  async stop() {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await ended;
    fs.rmSync(this.files, { recursive: true, force: true });
  }
}

// Has programs judged, each by one test: node submit.mjs LANGUAGE INPUT ANSWER PROGRAM...
//
// INPUT and ANSWER: files, or URLs that the worker fetches. AMQP_URL: the broker. REPLY_TO: a
// durable queue of ours for the results; without it they come to one that goes when we go.
// TIMEOUT_S (60): what has no result by then is cancelled.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import amqp from "amqplib";

const MAX_ATTEMPTS = 3;
const CANCEL_S = 10; // a cancelled job's result comes at once, if a worker is there
const now = () => Math.floor(Date.now() / 1000);

class Frontend {
  waiting = new Map(); // jobs without a result, by id and attempt
  seen = new Set(); // ids and attempts of results: in a database, a unique key
  returned = new Set();
  retrying = true;
  allJudged = () => {};

  async open(url, replyTo) {
    this.connection = await amqp.connect(url);
    this.connection.on("error", fail);
    this.connection.on("close", fail);
    this.channel = await this.connection.createConfirmChannel();
    this.channel.on("error", fail);
    this.channel.on("return", ({ properties }) => this.returned.add(properties.correlationId));
    await this.channel.prefetch(100);
    const options = replyTo
      ? { durable: true, arguments: { "x-queue-type": "quorum" } }
      : { exclusive: true };
    this.replyTo = (await this.channel.assertQueue(replyTo ?? "", options)).queue;
    await this.channel.consume(this.replyTo, (message) => {
      if (message === null) return fail("the broker took the reply queue away");
      this.take(message.properties, JSON.parse(message.content));
      this.channel.ack(message); // not before it is stored
    });
  }

  // Resolves when the job is safe with the broker.
  async submit(job, pauseS = 0) {
    const key = `${job.id}/${job.attempt}`;
    this.waiting.set(key, job);
    await sleep(pauseS * 1000);
    if (!this.retrying) return;
    const properties = {
      type: "oj.job/1",
      contentType: "application/json",
      persistent: true,
      mandatory: true,
      messageId: job.id,
      correlationId: key, // comes back with the result, whatever the job was
      replyTo: this.replyTo,
      timestamp: now(),
    };
    while (!(await this.publish(JSON.stringify(job), properties))) {
      console.error("the queue is full: trying again");
      await sleep(1000);
    }
    if (this.returned.has(key)) {
      fail("there is no queue 'submissions': start a worker, which declares it");
    }
  }

  // Resolves to whether the broker took it. What no queue takes is returned first, then confirmed.
  publish(text, properties) {
    return new Promise((resolve) => {
      const answered = (refusal) => resolve(!refusal);
      this.channel.sendToQueue("submissions", Buffer.from(text), properties, answered);
    });
  }

  // Nobody answers this, but the job has its result soon.
  cancel({ id, attempt }) {
    const body = JSON.stringify({ type: "cancel", id, attempt });
    this.channel.publish("executor.control", "", Buffer.from(body), { timestamp: now() });
  }

  // Resolves when every job has its result, or the time is over.
  receive(seconds) {
    if (this.waiting.size === 0) return;
    return new Promise((resolve) => {
      this.allJudged = resolve;
      setTimeout(resolve, seconds * 1000);
    });
  }

  take({ type, correlationId: key }, message) {
    if (type === "oj.event/1") {
      console.error(key, message.phase, message.verdict ?? "");
      return;
    }
    if (this.seen.has(key)) return; // delivery is at least once
    this.seen.add(key);
    const job = this.waiting.get(key); // none: sent before we were started, or by another
    const { status, verdict, labels, error } = message;
    console.log(labels?.program ?? key, status, verdict, error?.code ?? "");
    if (this.retrying && job && error?.retryable && job.attempt < MAX_ATTEMPTS) {
      // Not at once: what has failed may go on failing for a while.
      this.submit({ ...job, attempt: job.attempt + 1 }, job.attempt).catch(fail);
    }
    this.waiting.delete(key);
    if (this.waiting.size === 0) this.allJudged();
  }

  async close() {
    await this.channel.close(); // after the last ack; closing the connection might overtake it
    this.connection.off("close", fail);
    await this.connection.close();
  }
}

function fail(reason) {
  console.error(reason?.message ?? reason ?? "the broker closed the connection");
  process.exit(1);
}

async function blob(place) {
  if (/^https?:/.test(place)) return { url: place };
  return { base64: (await readFile(place)).toString("base64") };
}

const [language, given, answer, ...programs] = process.argv.slice(2);
const frontend = new Frontend();
await frontend.open(process.env.AMQP_URL, process.env.REPLY_TO).catch(fail);
for (const program of programs) {
  await frontend.submit({
    schema: "oj.job/1",
    id: randomUUID(),
    attempt: 1,
    language,
    source: (await blob(program)).base64,
    source_encoding: "base64",
    limits: { cpu_ms: 2000, wall_ms: 20000 },
    tests: [{ id: "1", input: await blob(given), answer: await blob(answer) }],
    events: "test",
    labels: { program },
  });
}
await frontend.receive(Number(process.env.TIMEOUT_S ?? 60));
frontend.retrying = false;
for (const job of frontend.waiting.values()) frontend.cancel(job);
await frontend.receive(CANCEL_S);
for (const job of frontend.waiting.values()) console.log(job.labels.program, "no result");
await frontend.close();
process.exit(frontend.waiting.size === 0 ? 0 : 1);

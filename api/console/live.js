// Follows a task: over a WebSocket, or by long polls where sockets do not get through.

import { get, post, refresh } from "./api.js";

const QUIET = 70_000; // ms without a word, heartbeats included, after which a socket counts as dead
const TRIES = 2; // sockets that fail in a row before polls take over

/** Whether a task is over. */
export const over = (task) => task.state === "DONE" || task.state === "ERROR";

/**
 * Calls told(event) for every event after since, in order and once each, until the
 * task is over. failed(problem) is called once when that cannot go on.
 * Gives a function that stops it.
 */
export function watch(task, since, told, failed) {
  const stop = new AbortController();
  const state = { task, seq: since, ended: false, signal: stop.signal, told };
  follow(state).catch((problem) => {
    if (!stop.signal.aborted) failed(problem);
  });
  return () => stop.abort();
}

async function follow(state) {
  for (let failures = 0; failures < TRIES && open(state);) {
    const before = state.seq;
    const close = await listen(state);
    if (close === 4404 || close === 4403) break; // a poll says it in a problem's words
    if (close === 4401) await refresh();
    failures = state.seq > before ? 0 : failures + 1;
    if (open(state)) await rest(close === 1012 ? 200 + Math.random() * 1800 : failures * 500, state.signal);
  }
  for (let pause = 0; open(state);) {
    const [before, asked] = [state.seq, Date.now()];
    try {
      hear(state, await get(`/v1/tasks/${state.task}/status?wait=25s&since=${state.seq}`, state.signal));
      pause = 0;
      if (open(state) && state.seq === before && Date.now() - asked < 1000) await rest(1000, state.signal); // nothing new, and no wait
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) throw problem;
      pause = Math.min(15_000, Math.max(1000, pause * 2));
      await rest(pause, state.signal);
    }
  }
}

const open = (state) => !state.ended && !state.signal.aborted;

function hear(state, event) {
  if (state.signal.aborted || event.seq <= state.seq) {
    state.ended ||= over(event);
    return;
  }
  state.seq = event.seq;
  state.ended = over(event);
  state.told(event);
}

/** Listens to one socket until it closes; gives the code. */
async function listen(state) {
  let ticket;
  try {
    ({ ticket } = await post("/v1/realtime/tickets"));
  } catch (problem) {
    if (problem.status === 401) throw problem;
    return 0;
  }
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/v1/tasks/ws/${state.task}?ticket=${encodeURIComponent(ticket)}&since=${state.seq}`);
  const { promise, resolve } = deferred();
  let alarm;
  const awake = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => { socket.close(); resolve(0); }, QUIET);
  };
  const leave = () => socket.close();
  state.signal.addEventListener("abort", leave);
  socket.addEventListener("message", ({ data }) => {
    awake();
    const message = JSON.parse(data);
    if (message.type === undefined) hear(state, message); // heartbeats and errors have a type
  });
  socket.addEventListener("close", ({ code }) => resolve(code));
  awake();
  const code = await promise;
  clearTimeout(alarm);
  state.signal.removeEventListener("abort", leave);
  return code;
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}

function rest(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

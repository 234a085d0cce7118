// Speaks to the API: one session a tab, problems as values, one refresh after a 401.

const KEY = "lyo.session";
let session = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
let refreshing = null; // the refresh under way, so that many 401s make one
let addresses = null; // the paths of the OpenAPI document, once asked for

/** Who is signed in, or null. */
export const me = () => session?.user ?? null;

function keep(value) {
  session = value;
  if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
  else sessionStorage.removeItem(KEY);
  document.dispatchEvent(new Event("lyo:session"));
}

/** What the API answers when it does not do what it was asked for (RFC 9457). */
export class Problem extends Error {
  constructor(body, status) {
    super(body.detail ?? body.title);
    this.title = body.title;
    this.detail = body.detail ?? "";
    this.status = status;
    this.slug = String(body.type ?? "").split("/").pop();
    this.fields = body.errors ?? [];
    this.resources = body.resources ?? [];
    this.requestId = body.request_id ?? "";
    this.retryAfter = body.retry_after ?? 0;
  }
}

async function exchange(method, path, { body, headers, signal } = {}) {
  const init = { method, signal, headers: { Accept: "application/json", ...headers }, cache: "no-store" };
  if (session) init.headers.Authorization = "Bearer " + session.access_token;
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new Problem({ title: "Lyo cannot be reached", detail: "The connection failed. Look after it, then try again." }, 0);
  }
}

async function problemOf(answer) {
  let body;
  try {
    body = await answer.json();
  } catch {
    body = { title: "Something went wrong", detail: `The server answered ${answer.status} without saying why.` };
  }
  return new Problem(body, answer.status);
}

/** Sends a request; gives the answer with its JSON as data. Throws a Problem. */
export async function send(method, path, options) {
  const used = session?.access_token;
  let answer = await exchange(method, path, options);
  if (answer.status === 401 && used && !path.startsWith("/v1/auth/")) {
    if (session?.access_token === used) await refresh();
    if (session) answer = await exchange(method, path, options);
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401 && used && !path.startsWith("/v1/auth/")) keep(null);
    throw problem;
  }
  const text = await answer.text();
  return { data: text ? JSON.parse(text) : null, headers: answer.headers };
}

/** The JSON of a GET. */
export const get = async (path, signal) => (await send("GET", path, { signal })).data;
/** The JSON of a POST. */
export const post = async (path, body, headers) => (await send("POST", path, { body, headers })).data;
/** The JSON of a PUT. */
export const put = async (path, body) => (await send("PUT", path, { body })).data;

/** Gets new tokens; a refusal ends the session, a server that is away does not. */
export async function refresh() {
  refreshing ??= renew().finally(() => { refreshing = null; });
  return refreshing;
}

async function renew() {
  const answer = await exchange("POST", "/v1/auth/refresh", { body: { refresh_token: session.refresh_token } });
  if (answer.ok) keep({ ...session, ...(await answer.json()) });
  else if (answer.status < 500 && answer.status !== 429) keep(null);
  else throw await problemOf(answer);
}

/** Makes an account and signs in. */
export const register = async (fields) => keep(await post("/v1/auth/register", fields));
/** Signs in. */
export const signIn = async (fields) => keep(await post("/v1/auth/login", fields));

/** Signs out, here even when the server is away. */
export async function signOut() {
  const token = session?.refresh_token;
  try {
    await post("/v1/auth/logout", { refresh_token: token });
  } finally {
    keep(null);
  }
}

/** Tells whether this server has an address, by its OpenAPI document. */
export async function has(path) {
  addresses ??= get("/openapi.json").then((document) => new Set(Object.keys(document.paths)));
  try {
    const known = await addresses;
    return known.has(path) || known.has(path + "/");
  } catch (fault) {
    addresses = null;
    throw fault;
  }
}

/** The address of the next page, from the Link field. */
export function next(headers) {
  const found = /<([^>]+)>;\s*rel="next"/.exec(headers.get("Link") ?? "");
  if (!found) return null;
  const address = new URL(found[1], location.href);
  return address.pathname + address.search; // the same server under whatever name it has here
}

/** A name for one wish, under which it is carried out once. */
export function wish() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

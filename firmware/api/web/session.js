// Who looks, and how the page asks the board to do something.

import { sentence } from "./amounts.js";
import { language, t, wantedLanguage } from "./texts.js";

const PATIENCE_MS = 75000; // the board's own is a minute at most: then it says so

let session = { logged_in: false, may_look: false, token: "" };

export const current = () => session;

async function answerOf(response) {
  let content = {};
  try { content = await response.json(); } catch (error) { /* no JSON: the status says enough */ }
  return content;
}

// The session as the board knows it; rejects when the board is not reached, or does not tell.
export async function askSession() {
  const response = await fetch("/api/session?lang=" + wantedLanguage(), { cache: "no-store" });
  if (!response.ok) throw new Error("no session: " + response.status);
  session = await answerOf(response);
  return session;
}

const inLanguage = (path) => path + (path.includes("?") ? "&" : "?") + "lang=" + language;

// What the board said, or that it said nothing: of an action nobody knows then whether it was done.
export function refusal(answer, asked = "unread") {
  return answer.content.error ? sentence(answer.content.error) : t(answer.status === 0 ? asked : "refused", { status: answer.status });
}

// A login that has run out is found out by whatever is asked next.
function told(path, answer) {
  if (answer.status === 401 && path !== "/api/login") window.dispatchEvent(new Event("loggedout"));
  return answer;
}

function headers() {
  const lines = { "Content-Type": "application/json" };
  if (session.token) lines["X-Sosie-Token"] = session.token;
  return lines;
}

// {ok, status, content} of a POST; ok is false and content.error a sentence (or absent) when it was refused.
export async function post(path, body) {
  return told(path, await ask(path, { method: "POST", headers: headers(), body: JSON.stringify(body) }));
}

export async function get(path) {
  return told(path, await ask(path, { cache: "no-store" }));
}

async function ask(path, options) {
  try {
    const response = await fetch(inLanguage(path), { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    return { ok: response.ok, status: response.status, content: await answerOf(response) };
  } catch (error) {
    return { ok: false, status: 0, content: {} };
  }
}

export async function logIn(password) {
  const answer = await post("/api/login", { password });
  if (answer.ok) session = { ...session, logged_in: true, may_look: true, token: answer.content.token };
  return answer;
}

export async function logOut() {
  return post("/api/logout", {});
}

// A file as it is, with its progress; XMLHttpRequest, since fetch tells nothing of what is on its way.
export function upload(path, file, progress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => progress(event.loaded, event.total);
    request.onloadend = () => {
      let content = {};
      try { content = JSON.parse(request.responseText); } catch (error) { /* broken off */ }
      done(told(path, { ok: request.status >= 200 && request.status < 300, status: request.status, content }));
    };
    request.open("POST", inLanguage(path));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (session.token) request.setRequestHeader("X-Sosie-Token", session.token);
    request.send(file);
  });
}

// Who looks, and how the page asks the board to do something.

import { language } from "./texts.js";

let session = { logged_in: false, may_look: false, token: "" };

export const current = () => session;

async function answerOf(response) {
  let content = {};
  try { content = await response.json(); } catch (error) { /* no JSON: the status says enough */ }
  return content;
}

// The session as the board knows it; rejects when the board is not reached.
export async function askSession() {
  const response = await fetch("/api/session", { cache: "no-store" });
  session = await answerOf(response);
  return session;
}

function headers() {
  const lines = { "Content-Type": "application/json" };
  if (session.token) lines["X-Sosie-Token"] = session.token;
  return lines;
}

// {ok, status, content} of a POST; ok is false and content.error a sentence (or absent) when it was refused.
export async function post(path, body) {
  let response;
  try {
    response = await fetch(path + "?lang=" + language, { method: "POST", headers: headers(), body: JSON.stringify(body) });
  } catch (error) {
    return { ok: false, status: 0, content: {} };
  }
  const content = await answerOf(response);
  if (response.status === 401 && path !== "/api/login") window.dispatchEvent(new Event("loggedout"));
  return { ok: response.ok, status: response.status, content };
}

export async function get(path) {
  try {
    const response = await fetch(path, { cache: "no-store" });
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
  await post("/api/logout", {});
  return askSession();
}

// A file as it is, with its progress; XMLHttpRequest, since fetch tells nothing of what is on its way.
export function upload(path, file, progress) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => progress(event.loaded, event.total);
    request.onloadend = () => {
      let content = {};
      try { content = JSON.parse(request.responseText); } catch (error) { /* broken off */ }
      done({ ok: request.status >= 200 && request.status < 300, status: request.status, content });
    };
    request.open("POST", path);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (session.token) request.setRequestHeader("X-Sosie-Token", session.token);
    request.send(file);
  });
}

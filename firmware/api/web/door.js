// Logging in and out.

import { sentence } from "./amounts.js";
import { notify, part, write } from "./dom.js";
import { askSession, current, logIn, logOut, refusal } from "./session.js";
import { t } from "./texts.js";

// `entered()` is called when somebody has logged in, `left()` when a login has run out.
export function openDoor(entered, left) {
  part("login-form").addEventListener("submit", (event) => { event.preventDefault(); enter(event.target.querySelector("button"), entered); });
  part("logout").addEventListener("click", leave);
  window.addEventListener("loggedout", async () => {
    try { await askSession(); } catch (error) { return; }
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    location.hash = "#login";
    left();
    if (!current().sentence) write(part("login-refusal"), t("login.over"));
  });
}

// Why nobody can log in now, if so.
export function tellTrouble() {
  write(part("login-refusal"), current().sentence ? sentence(current().sentence) : "");
  part("password").focus();
}

async function enter(button, entered) {
  button.disabled = true;
  write(part("login-refusal"), "");
  const answer = await logIn(part("password").value);
  button.disabled = false;
  if (!answer.ok) {
    write(part("login-refusal"), refusal(answer));
    part("password").select();
    return;
  }
  part("password").value = "";
  if (location.hash === "#login") location.hash = "#now";
  await entered();
  part("main").focus();
}

async function leave() {
  const answer = await logOut();
  if (!answer.ok) { notify(refusal(answer, "unreached"), t("close")); return; } // the session is still there
  location.hash = "#now";
  location.reload(); // nothing of what was seen stays in the page
}

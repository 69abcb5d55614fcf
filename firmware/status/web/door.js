// Logging in and out.

import { capital } from "./amounts.js";
import { part, write } from "./dom.js";
import { askSession, current, logIn, logOut } from "./session.js";
import { t } from "./texts.js";

// `entered()` is called when somebody has logged in, `left()` when a login has run out.
export function openDoor(entered, left) {
  part("login-form").addEventListener("submit", (event) => { event.preventDefault(); enter(event.target.querySelector("button"), entered); });
  part("logout").addEventListener("click", leave);
  window.addEventListener("loggedout", async () => {
    try { await askSession(); } catch (error) { return; }
    location.hash = "#login";
    left();
  });
}

// Why nobody can log in now, if so.
export function tellTrouble() {
  write(part("login-refusal"), current().sentence ? capital(current().sentence) + "." : "");
  part("password").focus();
}

async function enter(button, entered) {
  button.disabled = true;
  write(part("login-refusal"), "");
  const answer = await logIn(part("password").value);
  button.disabled = false;
  if (!answer.ok) {
    write(part("login-refusal"), answer.content.error ? capital(answer.content.error) : t("unreached"));
    part("password").select();
    return;
  }
  part("password").value = "";
  if (location.hash === "#login") location.hash = "#now";
  await entered();
  part("main").focus();
}

async function leave() {
  try { await logOut(); } catch (error) { return; } // not reached: the session is still there
  location.hash = "#now";
  location.reload(); // nothing of what was seen stays in the page
}

// What every part of the page does with the document.

const SVG = "http://www.w3.org/2000/svg";

export const part = (id) => document.getElementById(id);

// Touches the document only when something changed: no work for the browser, nothing new for a screen reader.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

export function make(tag, attributes = {}, ...children) {
  const node = set(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

export function draw(tag, attributes = {}, ...children) {
  const node = set(document.createElementNS(SVG, tag), attributes);
  node.append(...children);
  return node;
}

// What came of something that was asked for: it stays until it is closed.
export function notify(sentence, close) {
  const button = make("button", { type: "button", class: "plain" }, close), notice = make("div", { class: "notice" }, make("p", {}, sentence), button);
  button.addEventListener("click", () => { notice.remove(); part("main").focus({ preventScroll: true }); });
  part("notice").replaceChildren(notice);
}

// One polite region for the whole page speaks only when something that matters has changed.
let lastSaid = "";
export function say(sentence) {
  if (sentence === lastSaid) return;
  lastSaid = sentence;
  part("say").textContent = sentence;
}

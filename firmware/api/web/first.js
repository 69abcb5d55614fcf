// Before anything is painted: light or dark, as this browser was told or as its system has it.
(function () {
  "use strict";
  const root = document.documentElement, system = window.matchMedia("(prefers-color-scheme: dark)");
  let kept = null;
  try { kept = localStorage.getItem("look"); } catch (error) { /* a browser that keeps nothing */ }
  function paint() {
    const dark = kept === "dark" || (kept !== "light" && system.matches);
    root.dataset.look = dark ? "dark" : "light";
    window.dispatchEvent(new Event("look"));
  }
  window.chooseLook = function (look) {
    kept = look;
    try { localStorage.setItem("look", look); } catch (error) { /* then for this visit only */ }
    paint();
  };
  window.chosenLook = function () { return kept === "dark" || kept === "light" ? kept : "auto"; };
  system.addEventListener("change", paint);
  paint();
})();

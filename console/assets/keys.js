// Keys of a page: whatever has `data-key="x"` is clicked, or focused, when x is pressed.
//
// A key may be a letter, a digit or a name of KeyboardEvent.key ("ArrowRight"); `data-key-help`
// says what it does where the element's own words do not. `?` shows all of the page. Keys are off
// while somebody types, with Ctrl, Alt or Meta, and where the person turned them off (WCAG 2.1.4).
"use strict";
(() => {
  const OFF = "veriscope-keys-off";
  const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), " +
    "textarea, select, [contenteditable=true]";

  const isOff = () => localStorage.getItem(OFF) === "yes";
  const dialog = () => document.getElementById("keys");
  const isVisible = (element) => element.getClientRects().length > 0;

  const bound = () => {
    // What is in an open dialog goes before what lies below it.
    const place = document.querySelector("dialog[open]") || document;
    return [...place.querySelectorAll("[data-key]")].filter(
      (element) => isVisible(element) && !element.disabled,
    );
  };

  const help = (element) =>
    element.dataset.keyHelp || element.getAttribute("aria-label") || element.textContent.trim();

  const use = (element) => {
    if (element.matches(TYPED_INTO)) {
      element.focus();
      element.select?.();
      return;
    }
    element.click();
  };

  const show = () => {
    const list = dialog().querySelector("[data-keys-list]");
    const rows = bound().map((element) => {
      const row = document.createElement("div");
      const key = document.createElement("dt");
      const words = document.createElement("dd");
      const cap = document.createElement("kbd");
      // A capital is another key than its letter, and looks the same on a cap.
      cap.textContent = element.dataset.key.replace(/^[A-Z]$/, "Shift $&");
      key.append(cap);
      words.textContent = help(element);
      row.append(key, words);
      return row;
    });
    list.replaceChildren(...rows);
    dialog().querySelector("[data-keys-off]").checked = isOff();
    dialog().showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.target.matches?.(TYPED_INTO)) {
      if (event.key === "Escape") {
        event.target.blur();
      }
      return;
    }
    if (event.key === "?" && dialog() && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      show();
      return;
    }
    if (isOff()) {
      return;
    }
    const element = bound().find((each) => each.dataset.key === event.key);
    if (element) {
      event.preventDefault();
      use(element);
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-show]")) {
      show();
    }
    if (event.target.closest("[data-dialog-close]")) {
      event.target.closest("dialog").close();
    }
    const asked = event.target.closest("[data-confirm]");
    if (asked && !confirm(asked.dataset.confirm)) {
      event.preventDefault();
    }
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-off]")) {
      localStorage.setItem(OFF, event.target.checked ? "yes" : "no");
    }
  });
})();

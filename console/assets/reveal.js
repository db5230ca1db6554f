// Faces are veiled until somebody asks: the button with `data-reveal` lifts the veil of the page.
"use strict";
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) {
    return;
  }
  const revealed = document.body.toggleAttribute("data-revealed");
  button.setAttribute("aria-pressed", String(revealed));
});

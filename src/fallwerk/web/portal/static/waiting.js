// Renews the place in the queue, which also tells the server that somebody still waits.
"use strict";
const room = document.querySelector("[data-waiting]");
const said = document.querySelector("[data-place-text]");
document.querySelector("[data-reload]").hidden = true;

async function renew() {
  try {
    const answer = await fetch(room.dataset.waiting, { credentials: "same-origin" });
    if (answer.ok) {
      const { position } = await answer.json();
      if (position === null) {
        location.reload();
        return;
      }
      const words = position === 1 ? room.dataset.first : room.dataset.place.replace("{place}", String(position));
      // Only a change is written, so that a screen reader says nothing twice.
      if (said.textContent !== words) said.textContent = words;
    }
  } catch {
    // Away for a moment; the place is kept and the next round asks again.
  }
  setTimeout(renew, 5000);
}

setTimeout(renew, 5000);

"use strict";
// Keys for people who look at lists all day; every page works without them.
(() => {
  const typing = (target) => target.matches("input, textarea, select, [contenteditable]");
  const links = () => [...document.querySelectorAll("tbody tr a.row")];
  const move = (step) => {
    const rows = links();
    if (!rows.length) return;
    const here = rows.indexOf(document.activeElement);
    const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") { const help = document.getElementById("help"); if (help && !help.open) help.showModal(); }
  });
  // A form that is on its way is not sent again by a second click.
  document.addEventListener("submit", (event) => {
    if (event.target.method === "dialog" || event.defaultPrevented) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));
  const summary = document.querySelector(".summary");
  if (summary) summary.focus();
})();

// The TAN of a video call: its form is sent beside the running call, and what becomes of it is shown at once.
"use strict";
(() => {
  const box = document.querySelector("[data-tan]");
  if (!box) return;
  const [form, state, said] = ["form", "state", "said"].map((one) => box.querySelector(`[data-tan-${one}]`));
  const field = form && form.querySelector("input[name=tan]");
  const complain = (words) => {
    said.textContent = words;
    said.hidden = !words;
    if (field) field.setAttribute("aria-invalid", words ? "true" : "false");
  };
  document.addEventListener("tan", ({ detail }) => {
    const changed = box.dataset.tan !== detail.state;
    box.dataset.tan = detail.state;
    const words = box.getAttribute(`data-said-${detail.state}`);
    if (state.textContent !== words) state.textContent = words;
    // The person types only what was sent; the agent sends until it is confirmed.
    if (form) form.hidden = field ? detail.state !== "sent" : detail.state === "confirmed";
    if (field) box.hidden = detail.state === "none";
    if (!changed) return;
    complain("");
    if (field && detail.state === "sent") { field.value = ""; box.scrollIntoView({ block: "nearest" }); }
  });
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const sent = new URLSearchParams(new FormData(form));
    if (event.submitter && event.submitter.name) sent.set(event.submitter.name, event.submitter.value);
    const buttons = [...form.querySelectorAll("button")];
    for (const one of buttons) one.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { Accept: "application/json" }, credentials: "same-origin" });
      // Without a short answer the visit is over: the page itself says how to go on.
      if (!(answer.headers.get("content-type") || "").startsWith("application/json")) { form.submit(); return; }
      complain((await answer.json()).said);
      if (field && !answer.ok) field.select();
    } catch {
      complain(box.dataset.unsteady);
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  });
})();

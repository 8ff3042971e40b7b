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

// The counter's camera: grey values go to the server, which reads the code; without a camera one types.
(() => {
  const box = document.getElementById("scanner");
  if (!box || !navigator.mediaDevices || !window.isSecureContext) return;
  const [button, status, video] = [box.querySelector("button"), box.querySelector("p"), box.querySelector("video")];
  const canvas = document.createElement("canvas");
  let stream = null;
  box.hidden = false;
  const stop = () => {
    if (stream) stream.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    button.textContent = box.dataset.start;
  };
  const grey = () => {
    const scale = Math.min(1, 1280 / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
    if (!width || !height) return null;
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const values = new Uint8Array(width * height);
    for (let i = 0; i < values.length; i += 1) values[i] = (data[4 * i] * 77 + data[4 * i + 1] * 151 + data[4 * i + 2] * 28) >> 8;
    return { values, width, height };
  };
  const look = async () => {
    if (!stream) return;
    const picture = grey();
    if (picture) {
      const answer = await fetch(`${box.dataset.address}?width=${picture.width}&height=${picture.height}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream", "X-Form-Token": box.dataset.token },
        body: picture.values,
      }).catch(() => null);
      const found = answer && answer.ok ? (await answer.json()).text : "";
      if (found) {
        stop();
        const field = document.getElementById("find");
        field.value = found;
        field.form.requestSubmit();
        return;
      }
      status.textContent = box.dataset.none;
    }
    setTimeout(look, 400);
  };
  button.addEventListener("click", async () => {
    if (stream) { stop(); status.textContent = ""; return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch {
      status.textContent = box.dataset.refused;
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    button.textContent = box.dataset.stop;
    await video.play();
    look();
  });
})();

// Offers the device's camera beside the file field; without it, or without permission, the file field is the way.
"use strict";
const form = document.querySelector("form.shot");
const frame = form.querySelector("[data-frame]");
const video = frame.querySelector("video");
const canvas = frame.querySelector("canvas");
const file = form.querySelector("input[type=file]");
const said = form.querySelector("[data-said]");
const words = form.dataset;
let stream = null;

function show(element, visible) {
  element.hidden = !visible;
}

function stop() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
}

async function start() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: words.facing, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
  } catch {
    said.textContent = words.refused;
    file.focus();
    return;
  }
  video.srcObject = stream;
  await video.play();
  show(frame, true);
  show(video, true);
  show(canvas, false);
  said.textContent = "";
  button.textContent = words.take;
  button.onclick = take;
}

function take() {
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  stop();
  show(video, false);
  show(canvas, true);
  canvas.toBlob(
    (blob) => {
      const chosen = new DataTransfer();
      chosen.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      file.files = chosen.files;
      said.textContent = words.ready;
      button.textContent = words.again;
      button.onclick = start;
    },
    "image/jpeg",
    0.92,
  );
}

const button = document.createElement("button");
button.type = "button";
button.className = "second";
button.textContent = words.start;
button.onclick = start;
if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) {
  form.insertBefore(button, said);
  addEventListener("pagehide", stop);
}

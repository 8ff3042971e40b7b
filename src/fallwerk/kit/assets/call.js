// A video call between two browsers: asks for camera and microphone, then lets the server's WebSocket introduce them.
"use strict";
(() => {
  const box = document.querySelector("[data-call]");
  if (!box) return;
  const [said, theirs, own, help] = ["[role=status]", "[data-theirs]", "[data-own]", "[data-help]"].map((one) => box.querySelector(one));
  const isAgent = box.dataset.side === "agent";
  const final = { 1008: "over", 4001: "elsewhere", 4003: "over" };
  let [stream, socket, peer, settings, last] = [null, null, null, {}, Promise.resolve()];

  const say = (name) => { if (said.textContent !== box.dataset[name]) said.textContent = box.dataset[name]; };
  const tell = (message) => { if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };
  const show = (on) => {
    theirs.hidden = !on;
    for (const one of document.querySelectorAll("[data-waiting]")) one.hidden = on;
  };
  const hang = () => {
    if (peer) { peer.onconnectionstatechange = null; peer.onicecandidate = null; peer.close(); }
    peer = null;
    theirs.srcObject = null;
    show(false);
  };
  const open = () => {
    hang();
    const made = new RTCPeerConnection(settings);
    peer = made;
    for (const track of stream.getTracks()) made.addTrack(track, stream);
    made.onicecandidate = ({ candidate }) => {
      if (candidate) tell({ type: "candidate", candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex });
    };
    made.ontrack = ({ streams }) => { if (theirs.srcObject !== streams[0]) theirs.srcObject = streams[0]; };
    made.onconnectionstatechange = () => {
      if (made.connectionState === "connected") { show(true); say("on"); }
      else if (made.connectionState === "disconnected") say("unsteady");
      else if (made.connectionState === "failed") { say("unsteady"); if (isAgent) last = last.then(offer, offer); }
    };
  };
  const offer = async () => {
    open();
    await peer.setLocalDescription();
    tell({ type: "offer", sdp: peer.localDescription.sdp });
  };
  const take = async (message) => {
    if (message.type === "welcome") {
      settings = { iceServers: message.iceServers, iceTransportPolicy: message.iceTransportPolicy };
      if (!peer) say("wait");
    } else if (message.type === "peer") {
      if (!message.present) { hang(); say("gone"); }
      else { if (!peer || isAgent) say("joining"); if (isAgent) await offer(); }
    } else if (message.type === "lost") { hang(); say("lost"); }
    else if (message.type === "tan") document.dispatchEvent(new CustomEvent("tan", { detail: message }));
    else if (message.type === "offer" && !isAgent) {
      open();
      await peer.setRemoteDescription(message);
      await peer.setLocalDescription();
      tell({ type: "answer", sdp: peer.localDescription.sdp });
    } else if (!peer) return;
    else if (message.type === "answer" && peer.signalingState === "have-local-offer") await peer.setRemoteDescription(message);
    else if (message.type === "candidate" && peer.remoteDescription) await peer.addIceCandidate(message);
  };
  const connect = () => {
    const address = new URL(box.dataset.call, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    let known = false;
    socket = new WebSocket(address);
    // One after the other: a candidate that overtakes its offer would be lost.
    socket.onmessage = ({ data }) => { known = true; last = last.then(() => take(JSON.parse(data))).catch(() => say("unsteady")); };
    socket.onclose = ({ code }) => {
      if (code in final) { hang(); say(final[code]); stream.getTracks().forEach((track) => track.stop()); own.hidden = true; }
      else { if (!peer) say("unsteady"); setTimeout(connect, known ? 1000 : 5000); }
    };
  };
  const begin = async () => {
    try {
      if (!window.RTCPeerConnection || !navigator.mediaDevices) throw new Error("no call in this browser");
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: true });
    } catch {
      say("refused");
      help.hidden = false;
      return;
    }
    own.srcObject = stream;
    own.hidden = false;
    connect();
  };
  begin();
})();

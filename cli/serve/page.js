// What mqttlab serve knows, twice a second. Texts of the simulation are text, never markup.
"use strict";
const $ = (id) => document.getElementById(id);
const svg = (name, attributes, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
const duration = (s) => {
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 60) return `${s.toPrecision(3)} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
const row = (cells) => {
  const node = document.createElement("tr");
  for (const cell of cells) node.appendChild(document.createElement("td")).textContent = cell;
  return node;
};
const state_of = (group) =>
  group.connected === group.clients ? "" : group.connected === 0 ? "none" : "part";

function draw_map(run) {
  const nodes = [], middle = { x: 220, y: 170 };
  run.groups.forEach((group, i) => {
    const angle = (2 * Math.PI * i) / run.groups.length - Math.PI / 2;
    const x = middle.x + 165 * Math.cos(angle), y = middle.y + 115 * Math.sin(angle);
    const state = state_of(group);
    nodes.push(svg("line", { x1: middle.x, y1: middle.y, x2: x, y2: y, class: state }));
    nodes.push(svg("circle", { cx: x, cy: y, r: 26, class: state }));
    nodes.push(svg("text", { x, y: y + 4 }, `${group.connected}/${group.clients}`));
    nodes.push(svg("text", { x, y: y + (y < middle.y - 1 ? -34 : 44) }, group.name));
    nodes.push(svg("text", { x: (x + middle.x) / 2, y: (y + middle.y) / 2, class: "link" }, group.link));
  });
  nodes.push(svg("circle", { cx: middle.x, cy: middle.y, r: 34, class: run.broker ? "" : "none" }));
  nodes.push(svg("text", { x: middle.x, y: middle.y + 4 }, run.broker ? "broker" : "down"));
  $("map").replaceChildren(...nodes);
}

function show_verdict(state) {
  const text = state.trouble || (state.ended ? state.verdict
    : state.still ? "stands still" : state.paused ? "will stand still" : "running; judged at the end");
  $("verdict").textContent = text;
  const bad = state.trouble || (state.ended && state.exit_code !== 0);
  $("verdict").className = bad ? "bad" : "good";
}

function show(state) {
  $("name").textContent = state.name;
  document.title = `${state.name} · mqttlab`;
  show_verdict(state);
  $("pause").textContent = state.paused ? "Go on" : "Pause";
  $("pause").disabled = state.ended;
  const run = state.run;
  if (!run) return;
  $("progress").value = state.whole > 0 ? run.at / state.whole : 0;
  $("time").textContent = `${duration(run.at)} of ${duration(state.whole)} virtual` +
    (state.ended || state.paused ? "" : `, ${Math.round(state.speed)} times real time`) +
    (run.calm ? ", the calm" : "");
  draw_map(run);
  $("groups").replaceChildren(...run.groups.map((group) =>
    row([group.name, group.link, `${group.connected} of ${group.clients}`])));
  if (run.latency.p50 !== undefined) {
    $("p50").textContent = duration(run.latency.p50);
    $("p99").textContent = duration(run.latency.p99);
  }
  $("attempted").textContent = run.attempted.toLocaleString("en");
  $("delivered").textContent = run.delivered.toLocaleString("en");
  $("lost").textContent = run.lost_connections.toLocaleString("en");
  const faults = run.faults.map((fault) => {
    const node = document.createElement("li");
    node.textContent = `${fault.kind} ${fault.target}, since ${duration(fault.since)}`;
    return node;
  });
  if (run.faults_all > run.faults.length) {
    const node = document.createElement("li");
    node.textContent = `and ${run.faults_all - run.faults.length} more`;
    faults.push(node);
  }
  $("faults").replaceChildren(...faults);
  $("messages").replaceChildren(...run.messages.slice().reverse().map((message) =>
    row([duration(message.at), message.topic, message.to, duration(message.latency)])));
}

let last = {};
async function look() {
  try {
    last = await (await fetch("state")).json();
    show(last);
    if (last.ended) return;
  } catch {
    $("verdict").textContent = "mqttlab serve has ended";
    $("verdict").className = "";
    return;
  }
  setTimeout(look, last.paused && !last.still ? 50 : 500);
}
$("pause").addEventListener("click", async () => {
  await fetch(last.paused ? "go-on" : "pause", { method: "POST" });
  last = await (await fetch("state")).json();
  show(last);
});
look();

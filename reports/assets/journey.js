// Client by client: fills its section from the data in the page with the client that is asked for,
// by the form, by a click on the chart or by the address (#client-N, #client-N-message-M). Every
// text is data of a stranger: it goes into the page as text nodes only.
"use strict";
(() => {
  const form = document.getElementById("journey");
  if (!form) return;
  const { data, clock, latency } = window.mqttlab;
  const { clients, texts } = data.journeys;
  const place = document.getElementById("journey-shown");

  const element = (name, more = {}, ...children) => {
    const made = Object.assign(document.createElement(name), more);
    made.append(...children);
    return made;
  };
  const cell = (text, more) => element("td", more, text);
  const number = (text) => cell(text, { className: "number" });
  const table = (heads, rows, more = {}) => element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: more.ariaLabel },
    element("table", { className: more.className || "" },
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col", className: head === "Took" ? "number" : "" }, head)))),
      element("tbody", {}, ...rows)));

  // ---- The connections of a client -------------------------------------------------------------
  const connections = (client) => {
    const rows = client.connections.map(([count, from, accepted, present, until, ended]) => element("tr", {},
      element("th", { scope: "row" }, String(count)), cell(clock(from, true)),
      cell(accepted === null ? "never" : clock(accepted, true)),
      cell(accepted === null ? "" : present ? "resumed" : "new"),
      cell(until === null ? "lasts" : clock(until, true)), cell(until === null ? "" : texts[ended])));
    const all = table(["Connection", "From", "Accepted", "Session", "Until", "Ended"], rows, { ariaLabel: "Connections" });
    const left = client.connections_left_out;
    return element("details", { open: rows.length <= 6 }, element("summary", {}, rows.length + " connections" + (left ? ", " + left + " left out in the middle" : "")), all);
  };

  // ---- Its messages ------------------------------------------------------------------------------
  const [published, other, count, will, at, took, topic, qos, retain, outcome, trouble, packets, left_out] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const packet_rows = (client, message) => message[packets].map(([sent, received, by_client, text]) => element("tr", {},
    cell(clock(sent, true)), cell(by_client ? client.name + " \u2192 broker" : "broker \u2192 " + client.name), cell(texts[text]),
    received === null ? cell("never arrived", { className: "never" }) : cell("arrived after " + latency(received - sent))));
  const packet_table = (client, message) => {
    if (!message[packets].length) return element("p", { className: "sub" }, "No packet of it was sent.");
    const shown = table(["Sent", "Way", "Packet", "Arrival"], packet_rows(client, message), { ariaLabel: "Packets of the message" });
    if (message[left_out]) shown.append(element("p", { className: "sub" }, "and " + message[left_out] + " more"));
    return shown;
  };
  const address = (client, position) => "client-" + client.client + "-message-" + (position + 1);
  const message_rows = (client, position) => {
    const message = client.messages[position], id = address(client, position);
    const details = element("tr", { className: "packets", hidden: true }, element("td", { colSpan: 7 }));
    details.id = id + "-packets";
    const open = element("button", { type: "button", className: "quiet" }, "+");
    open.setAttribute("aria-label", "Packets");
    open.setAttribute("aria-controls", details.id);
    const set = (shown) => {
      if (shown && !details.firstChild.firstChild) details.firstChild.append(packet_table(client, message));
      details.hidden = !shown;
      open.textContent = shown ? "\u2212" : "+";
      open.setAttribute("aria-expanded", String(shown));
    };
    set(false);
    open.addEventListener("click", () => {
      set(details.hidden);
      if (!details.hidden) history.replaceState(null, "", "#" + id);
    });
    const name = (message[will] ? "will of connection " : "") + message[count] + (message[published] ? "" : " of " + texts[message[other]]);
    const row = element("tr", { id, className: message[trouble] ? "trouble" : "" },
      element("td", {}, open), element("th", { scope: "row" }, clock(message[at], true)),
      cell((message[published] ? "publishes " : "receives ") + name), cell(texts[message[topic]]),
      cell("QoS " + message[qos] + (message[retain] ? ", RETAIN" : "")),
      number(message[took] === null ? "" : latency(message[took])), cell(texts[message[outcome]], { className: "outcome" }));
    return { message, row, details, set };
  };

  // ---- The client that is shown --------------------------------------------------------------------
  let shown = null;
  const words_of = (message) => [texts[message[topic]], texts[message[outcome]], texts[message[other]], ...message[packets].map((one) => texts[one[3]])].join(" ").toLowerCase();
  const filter = () => {
    const show = form.elements.show.value, find = form.elements.find.value.trim().toLowerCase();
    const fits = (message) => (show === "all" || (show === "trouble" && message[trouble]) || (show === "published" && message[published]) ||
      (show === "received" && !message[published])) && (!find || words_of(message).includes(find));
    const order = [...shown.rows];
    if (form.elements.order.value === "slow") order.sort((a, b) => (b.message[took] ?? -1) - (a.message[took] ?? -1));
    let seen = 0;
    for (const one of order) {
      const good = fits(one.message);
      seen += good;
      one.row.hidden = !good;
      if (!good) one.set(false);
      one.row.parentNode?.append(one.row, one.details);
    }
    shown.tally.textContent = seen + " of " + shown.rows.length + " messages shown" +
      (shown.client.messages_left_out ? "; " + shown.client.messages_left_out + " that did well were left out" : "") + ".";
  };
  const show = (client) => {
    if (shown && shown.client === client) return;
    form.elements.client.value = String(client.client);
    const rows = client.messages.map((_, position) => message_rows(client, position));
    const tally = element("p", { className: "sub" });
    tally.setAttribute("role", "status");
    shown = { client, rows, tally };
    const messages = table(["Packets", "At", "What", "Topic", "QoS", "Took", "Outcome"], rows.flatMap((one) => [one.row, one.details]), { className: "messages", ariaLabel: "Messages" });
    const title = element("h3", { id: "client-" + client.client }, client.name);
    const facts = element("p", { className: "sub" }, "MQTT " + client.version + " on link " + client.link);
    place.replaceChildren(title, facts, connections(client), tally, messages);
    filter();
  };
  const follow_address = () => {
    const asked = /^#client-(\d+)(?:-message-(\d+))?$/.exec(location.hash);
    const client = asked && clients.find((one) => one.client === Number(asked[1]));
    if (!client) return;
    form.reset();
    show(client);
    filter();
    const row = shown.rows[Number(asked[2]) - 1];
    for (const one of shown.rows) one.row.classList.toggle("asked", one === row);
    if (row) row.set(true);
    (row ? row.row : place.firstChild).scrollIntoView({ block: row ? "center" : "start" });
  };

  for (const client of clients) form.elements.client.append(element("option", { value: String(client.client) }, client.name));
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target === form.elements.client) {
      const client = clients.find((one) => one.client === Number(form.elements.client.value));
      history.replaceState(null, "", "#client-" + client.client);
      show(client);
    } else {
      filter();
    }
  });
  addEventListener("hashchange", follow_address);
  show(clients[0]);
  follow_address();
})();

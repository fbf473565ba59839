// The report of `mqttlab campaign`: shows another measure in the heat maps, the numbers behind
// them, and saves them. Every text is data of a stranger and goes into the page as text only.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const columns = data.x.labels.length;
  const judged = 0, broken = 1;

  // ---- Words -----------------------------------------------------------------------------------
  const digits = (v) => (v >= 99.95 ? v.toFixed(0) : v >= 9.995 ? v.toFixed(1) : v.toFixed(2)).replace(/\.0+$/, "");
  const scaled = (v, units) => {
    for (const [size, unit] of units) if (v >= size) return digits(v / size) + " " + unit;
    const [size, unit] = units.at(-1);
    return digits(v / size) + " " + unit;
  };
  const words = {
    seconds: (v) => v === 0 ? "0 s" : scaled(v, [[7200, "h"], [120, "min"], [0.9995, "s"], [0.9995e-3, "ms"], [1e-6, "\u00b5s"]]),
    share: (v) => v === 1 ? "100 %" : v === 0 ? "0 %" : (100 * v).toPrecision(v > 0.999 ? 5 : 3).replace(/\.?0+$/, "") + " %",
    bytes: (v) => scaled(v, [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]]),
    joules: (v) => scaled(v, [[1e3, "kJ"], [1, "J"], [1e-3, "mJ"]]),
    count: (v) => digits(v),
    runs: (v) => String(v),
  };
  const text_of = (cell, measure) => {
    const kind = data.measures[measure].kind, value = cell[measure];
    if (value === null) return "\u2013";
    if (kind === "promise") return cell[judged] === 0 ? "\u2013" : value + "/" + cell[judged];
    return words[kind](value);
  };

  // ---- The maps ----------------------------------------------------------------------------------
  const select = document.getElementById("measure");
  data.measures.forEach((measure, i) => select.append(new Option(measure.name, String(i))));
  select.value = String(broken);
  select.closest(".choose").hidden = false;
  const all_cells = data.maps.flatMap((map) => map.cells);
  // One scale for all maps; what spans decades is shown by its logarithm.
  const scale_of = (measure) => {
    const values = all_cells.map((cell) => cell[measure]).filter((v) => v !== null);
    const low = Math.min(...values), high = Math.max(...values);
    if (!(high > low)) return () => 0;
    if (low > 0 && high / low > 50) return (v) => Math.log(v / low) / Math.log(high / low);
    return (v) => (v - low) / (high - low);
  };
  const beyond = (a, b, measure) => a[judged] > 0 && b[judged] > 0 && (a[measure] > 0) !== (b[measure] > 0);
  const show = () => {
    const measure = Number(select.value), kind = data.measures[measure].kind;
    const scale = kind === "promise" ? null : scale_of(measure);
    // Figures have no frontier of their own: the one of all promises stays.
    const edge = kind === "promise" ? measure : broken;
    data.maps.forEach((map, which) => {
      const boxes = document.querySelectorAll("#map-" + (which + 1) + " .heat td");
      map.cells.forEach((cell, i) => {
        const box = boxes[i], value = cell[measure];
        box.textContent = text_of(cell, measure);
        let shade = "none";
        if (kind === "promise" && cell[judged] > 0) shade = "b" + Math.ceil(10 * value / cell[judged]);
        if (kind !== "promise" && value !== null) shade = "v" + Math.round(10 * scale(value));
        box.className = shade;
        if ((i + 1) % columns !== 0 && beyond(cell, map.cells[i + 1], edge)) box.classList.add("fr");
        if (i + columns < map.cells.length && beyond(cell, map.cells[i + columns], edge)) box.classList.add("fb");
      });
    });
  };
  select.addEventListener("input", show);

  // ---- The numbers behind a map, made when they are asked for --------------------------------------
  const add = (parent, tag, text) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  };
  const head = [data.y.name, data.x.name].filter((name) => name !== "");
  const place = (i) => [data.y.name === "" ? null : data.y.labels[Math.floor(i / columns)], data.x.name === "" ? null : data.x.labels[i % columns]].filter((label) => label !== null);
  document.querySelectorAll(".behind").forEach((details, which) => {
    details.hidden = false;
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const table = add(details, "table");
      const row = add(add(table, "thead"), "tr");
      for (const name of [...head, ...data.measures.map((measure) => measure.name)]) add(row, "th", name).scope = "col";
      const body = add(table, "tbody");
      data.maps[which].cells.forEach((cell, i) => {
        const line = add(body, "tr");
        for (const label of place(i)) add(line, "th", label).scope = "row";
        data.measures.forEach((_, measure) => { add(line, "td", text_of(cell, measure)).className = "number"; });
      });
    });
  });

  // ---- Saving ------------------------------------------------------------------------------------
  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const safe = (value) => {
    let text = value === null ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const file = data.name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "campaign";
  const csv = document.getElementById("save-csv"), json = document.getElementById("save-json");
  csv.hidden = json.hidden = false;
  csv.addEventListener("click", () => {
    const lines = [["map", ...head, ...data.measures.map((measure) => measure.name)]];
    data.maps.forEach((map) => map.cells.forEach((cell, i) => lines.push([map.where.join(", "), ...place(i), ...cell])));
    save(file + ".csv", "text/csv", lines.map((line) => line.map(safe).join(",")).join("\n") + "\n");
  });
  json.addEventListener("click", () => save(file + ".json", "application/json", JSON.stringify(data, null, 1) + "\n"));
  root.dataset.ready = "yes";
})();

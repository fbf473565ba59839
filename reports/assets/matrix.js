// The page of `mqttlab conform`: filters, opens and closes what stands in the page already, and
// makes nothing of any text of a peer.
"use strict";
(() => {
  const root = document.documentElement;
  const table = document.querySelector(".statements");
  const rows = [...document.querySelectorAll("tr.statement")];
  const detail = (row) => row.nextElementSibling;

  // ---- Opening and closing -------------------------------------------------------------------------
  const links = (row) => [...row.querySelectorAll(":scope > * > a")];
  const is_open = (row) => row.classList.contains("open");
  const set_open = (row, open) => {
    row.classList.toggle("open", open);
    row.classList.toggle("shut", !open);
    for (const link of links(row)) link.setAttribute("aria-expanded", String(open));
  };
  const row_of = (element) => {
    const row = element && element.closest("tr.statement, tr.detail");
    return row && (row.classList.contains("detail") ? row.previousElementSibling : row);
  };
  const from_hash = () => {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const target = id && document.getElementById(id);
    const row = row_of(target);
    if (!row) return;
    for (const one of [row, detail(row), row.parentElement]) one.classList.remove("away");
    set_open(row, true);
    target.scrollIntoView({ block: "start", behavior: "instant" });
    if (target.matches(".of")) target.focus({ preventScroll: true });
  };
  for (const row of rows) {
    for (const link of links(row)) {
      link.setAttribute("aria-expanded", "false");
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        const same = location.hash === link.hash;
        if (is_open(row) && same) {
          event.preventDefault();
          set_open(row, false);
        } else if (same) {
          event.preventDefault();
          from_hash();
        }
      });
    }
  }
  addEventListener("hashchange", from_hash);

  // Escape closes; arrows go from cell to cell.
  const shown = () => rows.filter((row) => !row.classList.contains("away"));
  const beside = (row, key, at) => {
    const all = shown();
    if (key === "ArrowLeft") return links(row)[at - 1];
    if (key === "ArrowRight") return links(row)[at + 1];
    const next = all[all.indexOf(row) + (key === "ArrowUp" ? -1 : 1)];
    return next && links(next)[at];
  };
  document.addEventListener("keydown", (event) => {
    const row = row_of(document.activeElement);
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && is_open(row)) {
      set_open(row, false);
      links(row)[0].focus();
      return;
    }
    const at = links(row).indexOf(document.activeElement);
    if (at < 0 || !event.key.startsWith("Arrow")) return;
    const to = beside(row, event.key, at);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });

  // ---- Filters ---------------------------------------------------------------------------------------
  const form = document.getElementById("filters");
  const texts = new Map(rows.map((row) => [row, (row.id + " " + row.querySelector(".says").textContent + " " +
    [...detail(row).querySelectorAll("code")].map((code) => code.textContent).join(" ")).toLowerCase()]));
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  const filter = () => {
    const wish = new FormData(form);
    const must = wish.get("must") !== null;
    const wanted = words(String(wish.get("find") || ""));
    let count = 0;
    for (const row of rows) {
      const marks = (must ? row.dataset.must : row.dataset.any).split(" ");
      const fits = (wish.get("show") === "all" || marks.includes(wish.get("show"))) &&
        (!must || row.dataset.level === "must") &&
        (!wish.get("version") || row.dataset.version === wish.get("version")) &&
        wanted.every((word) => texts.get(row).includes(word));
      row.classList.toggle("away", !fits);
      detail(row).classList.toggle("away", !fits);
      count += fits ? 1 : 0;
    }
    for (const body of table.tBodies) body.classList.toggle("away", !body.querySelector("tr.statement:not(.away)"));
    table.toggleAttribute("data-must", must);
    document.getElementById("shown").textContent = count + " of " + rows.length + " statements";
  };
  if (form) {  // a page of several parts may have no matrix
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }
  from_hash();
  root.dataset.ready = "yes";
})();

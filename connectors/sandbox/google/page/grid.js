"use strict";
// The page works by its forms alone. With this script a click on a cell edits it in place, lists and boxes save by
// themselves, the arrow keys go from cell to cell, and what others change shows up by itself.
(() => {
  const grid = document.getElementById("grid");
  if (!grid) {
    const doc = document.getElementById("document");
    const typing = () => doc.querySelector("textarea, details[open]") || [...doc.querySelectorAll("input[name=text]")].some((i) => i.value);
    new EventSource("/sandbox/events").onmessage = (e) => {
      if (document.querySelector(".list") || doc && e.data === doc.dataset.id && !typing()) location.reload();
    };
    return;
  }
  // A link with #gid=… names a tab in its fragment, which the server never sees.
  const want = /^#gid=(\d+)$/.exec(location.hash);
  if (want && want[1] !== grid.dataset.gid && !new URLSearchParams(location.search).has("gid")) {
    location.replace("?gid=" + want[1] + location.hash);
    return;
  }
  const inCell = "a.cell, select.pick, input.tick";
  let editing = null, stale = false, here = "", last = grid.innerHTML;

  const cellAt = (ref) => ref && grid.querySelector('td[data-ref="' + ref + '"]');

  // Of all cells one alone is reached with the Tab key; the arrow keys do the rest.
  function rove() {
    const all = [...grid.querySelectorAll("td[data-ref]")];
    const at = cellAt(here) || all[0];
    for (const td of all) for (const e of td.querySelectorAll(inCell)) e.tabIndex = td === at ? 0 : -1;
    for (const s of grid.querySelectorAll("select.pick[data-free]")) {
      s.add(new Option("Something else…", "\u0000"));
      s.removeAttribute("data-free");
    }
  }

  function go(td) {
    if (!td) return;
    here = td.dataset.ref;
    rove();
    td.querySelector(inCell)?.focus();
    td.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // The neighbour of a cell, which may be a merged one: the next row or column of the page that has a cell there.
  function beside(td, rows, cols) {
    const lines = [...grid.querySelectorAll("thead tr, tbody tr")].filter((tr) => tr.querySelector("td[data-ref]"));
    if (cols) {
      let next = td;
      do next = cols > 0 ? next.nextElementSibling : next.previousElementSibling; while (next && !next.dataset.ref);
      return next;
    }
    const column = td.dataset.ref.replace(/\d+$/, "");
    for (let i = lines.indexOf(td.parentElement) + rows; i >= 0 && i < lines.length; i += rows) {
      const next = [...lines[i].querySelectorAll("td[data-ref]")].find((o) => o.dataset.ref.replace(/\d+$/, "") === column);
      if (next) return next;
    }
    return null;
  }

  async function refresh(force) {
    const on = document.activeElement;
    const typing = grid.contains(on) && on.matches("input:not(.tick), select");
    if (editing || (typing && !force) || grid.querySelector("details[open]")) { stale = true; return; }
    stale = false;
    const page = await fetch(location.href.split("#")[0], { headers: { Accept: "text/html" } });
    const text = await page.text();
    if (!page.ok) return;
    if (editing) { stale = true; return; } // begun while the page was on its way
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("grid");
    if (fresh.innerHTML === last) return; // nothing is torn from under somebody's hands for nothing
    last = fresh.innerHTML;
    const scroll = grid.querySelector(".scroll"), top = scroll.scrollTop, left = scroll.scrollLeft;
    const focused = document.activeElement?.closest?.("td[data-ref]")?.dataset.ref;
    const said = grid.querySelector(".message.now");
    grid.replaceChildren(...fresh.childNodes);
    if (said) grid.prepend(said);
    const after = grid.querySelector(".scroll");
    after.scrollTop = top; after.scrollLeft = left;
    rove();
    if (focused) cellAt(focused)?.querySelector(inCell)?.focus({ preventScroll: true });
  }

  function say(text) {
    let p = grid.querySelector(".message");
    if (!text) { p?.remove(); return; }
    if (!p) { p = document.createElement("p"); p.setAttribute("role", "alert"); grid.prepend(p); }
    p.className = "message now";
    p.textContent = text;
  }

  async function save(td, text) {
    const form = new URLSearchParams({ gid: grid.dataset.gid, ref: td.dataset.ref, text });
    const done = await fetch("/sandbox/spreadsheets/" + grid.dataset.id + "/cell", { method: "POST", headers: { Accept: "application/json" }, body: form });
    if (!done.ok) last = ""; // what the list or the box shows has to go back
    say(done.ok ? "" : await done.text());
    await refresh(true);
  }

  function edit(td, first) {
    if (editing) return;
    const cell = td.querySelector(".cell");
    const before = td.dataset.edit ?? (cell ? cell.textContent : td.querySelector("select.pick")?.dataset.was ?? "");
    const box = document.createElement("input");
    box.value = first ?? before;
    box.className = "edit";
    box.setAttribute("aria-label", td.dataset.ref);
    if (document.getElementById("people")) box.setAttribute("list", "people");
    editing = td;
    here = td.dataset.ref;
    const stop = (keep, to) => {
      if (editing !== td) return;
      editing = null;
      const text = box.value;
      box.remove();
      if (to) go(to);
      if (keep && text !== before) save(td, text); else if (stale) refresh(true);
    };
    box.addEventListener("keydown", (e) => {
      if (e.key === "Enter") { e.preventDefault(); stop(true, beside(td, 1, 0) || td); }
      if (e.key === "Tab") { e.preventDefault(); stop(true, beside(td, 0, e.shiftKey ? -1 : 1) || td); }
      if (e.key === "Escape") stop(false, td);
      e.stopPropagation();
    });
    box.addEventListener("blur", () => stop(true));
    td.append(box);
    box.focus();
  }

  grid.addEventListener("click", (e) => {
    const cell = e.target.closest("a.cell");
    if (!cell || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    edit(cell.parentElement);
  });
  grid.addEventListener("focusin", (e) => {
    const td = e.target.closest("td[data-ref]");
    if (td && !editing) { here = td.dataset.ref; rove(); }
    if (e.target.matches("select.pick")) e.target.dataset.was = e.target.value;
  });
  grid.addEventListener("change", (e) => {
    const td = e.target.closest("td[data-ref]");
    if (!td) return;
    if (e.target.matches("select.pick")) {
      if (e.target.value === "\u0000") { e.target.value = e.target.dataset.was; edit(td); } else save(td, e.target.value);
    }
    if (e.target.matches("input.tick")) save(td, e.target.checked ? "TRUE" : "FALSE");
  });
  grid.addEventListener("keydown", (e) => {
    const td = e.target.closest("td[data-ref]");
    if (!td || editing || e.ctrlKey || e.metaKey || e.altKey || !e.target.matches(inCell)) return;
    const list = e.target.matches("select");
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    if (step && !(list && step[0])) { e.preventDefault(); go(beside(td, ...step)); return; }
    if (!e.target.matches("a.cell")) return;
    if (e.key === "Enter" || e.key === "F2") { e.preventDefault(); edit(td); }
    else if (e.key === "Delete" || e.key === "Backspace") { e.preventDefault(); save(td, ""); }
    else if (e.key.length === 1 && e.key !== " ") edit(td, ""); // what was typed falls into the box
  });
  grid.addEventListener("focusout", () => { if (stale) setTimeout(refresh, 50); });
  // A menu closes when another opens, or by Escape.
  grid.addEventListener("toggle", (e) => {
    if (!e.target.matches?.("details") || !e.target.open) { if (stale) refresh(); return; }
    for (const d of grid.querySelectorAll("details[open]")) if (d !== e.target) d.open = false;
  }, true);
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") for (const d of grid.querySelectorAll("details[open]")) { d.open = false; d.querySelector("summary").focus(); }
  });
  rove();
  new EventSource("/sandbox/events").onmessage = (e) => { if (e.data === grid.dataset.id) refresh(); };
})();

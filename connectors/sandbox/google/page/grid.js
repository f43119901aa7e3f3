"use strict";
// The page works by its forms alone. With this script a click on a cell edits it in place, and what others change shows
// up by itself.
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
  let editing = null, stale = false;

  async function refresh() {
    const typing = grid.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (editing || typing || grid.querySelector("details[open]")) { stale = true; return; }
    stale = false;
    const page = await fetch(location.href.split("#")[0], { headers: { Accept: "text/html" } });
    if (!page.ok || editing) return;
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("grid");
    const scroll = grid.querySelector(".scroll"), top = scroll.scrollTop, left = scroll.scrollLeft;
    grid.replaceChildren(...fresh.childNodes);
    const after = grid.querySelector(".scroll");
    after.scrollTop = top; after.scrollLeft = left;
  }

  function say(text) {
    let p = grid.querySelector(".message");
    if (!p) { p = document.createElement("p"); p.className = "message"; p.setAttribute("role", "alert"); grid.prepend(p); }
    p.textContent = text;
  }

  async function save(td, text) {
    const form = new URLSearchParams({ gid: grid.dataset.gid, ref: td.dataset.ref, text });
    const done = await fetch("/sandbox/spreadsheets/" + grid.dataset.id + "/cell", { method: "POST", headers: { Accept: "application/json" }, body: form });
    if (!done.ok) say(await done.text());
    await refresh();
  }

  function edit(td) {
    if (editing) return;
    const before = td.dataset.edit ?? td.querySelector(".cell").textContent;
    let box;
    if (td.dataset.choices) {
      box = document.createElement("select");
      const all = td.dataset.choices.split("\n").filter(Boolean);
      for (const c of ["", ...(all.includes(before) || !before ? [] : [before]), ...all]) box.add(new Option(c, c, c === before, c === before));
    } else {
      box = document.createElement("input");
      box.value = before;
    }
    box.className = "edit";
    editing = td;
    const stop = (keep) => {
      if (editing !== td) return;
      editing = null;
      const text = box.value;
      box.remove();
      if (keep && text !== before) save(td, text); else if (stale) refresh();
    };
    box.addEventListener("keydown", (e) => {
      if (e.key === "Enter") { e.preventDefault(); stop(true); }
      if (e.key === "Escape") stop(false);
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
  grid.addEventListener("focusout", () => { if (stale) setTimeout(refresh, 50); });
  new EventSource("/sandbox/events").onmessage = (e) => { if (e.data === grid.dataset.id) refresh(); };
})();

// Keeps an open page current: after each cycle it fetches the page again and changes what differs, in place. Whatever a
// person is at stays: focus, selection, typed text, opened details, the place on the page. Without it the page is the
// same, and is read anew by hand.
"use strict";
(() => {
  const partnership = document.body.dataset.partnership;
  const badge = document.getElementById("live"), news = document.getElementById("news");
  if (!partnership || !window.EventSource || !badge || !news) return;
  badge.hidden = false;

  const say = (text, state) => {
    if (badge.dataset.state !== state) { badge.textContent = text; badge.dataset.state = state; }
  };
  say("connecting", "wait");

  let busy = false, again = false;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      update(new DOMParser().parseFromString(await answer.text(), "text/html"));
      say("live", "ok");
    } catch {
      say("out of reach, trying again", "lost");
    } finally {
      busy = false;
      if (again) { again = false; refresh(); }
    }
  }

  const rows = () => [...document.querySelectorAll("#main tr[id]")];

  function update(next) {
    const main = document.getElementById("main"), fresh = next.getElementById("main");
    if (!main || !fresh) return;
    const before = new Map(rows().map((r) => [r.id, said(r)]));
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    morph(main, fresh);
    if (focused && focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    const changed = rows().filter((r) => before.get(r.id) !== said(r));
    for (const r of changed) {
      r.classList.add("changed");
      r.addEventListener("animationend", () => r.classList.remove("changed"), { once: true });
    }
    if (changed.length) news.textContent = changed.length === 1 ? changed[0].id + " changed" : changed.length + " tasks changed";
  }
  const said = (r) => r.textContent;

  // What makes a node the same one in both pages.
  const key = (n) => (n.nodeType === 1 && (n.id || n.dataset.key)) || "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  function morph(live, fresh) {
    if (live.isEqualNode(fresh)) return;
    if (live.nodeType !== 1) { live.nodeValue = fresh.nodeValue; return; }
    if (live.matches("form.filter, form.form")) return; // somebody may be filling it in
    for (const a of [...live.attributes]) {
      if (!fresh.hasAttribute(a.name) && a.name !== "open") live.removeAttribute(a.name);
    }
    for (const a of fresh.attributes) {
      if (a.name !== "open" && live.getAttribute(a.name) !== a.value) live.setAttribute(a.name, a.value);
    }
    const keyed = new Map();
    const wanted = new Set([...fresh.childNodes].map(key));
    for (const n of [...live.childNodes]) {
      if (key(n) && !wanted.has(key(n))) n.remove(); // so that what follows need not move
      else if (key(n)) keyed.set(key(n), n);
    }
    let at = live.firstChild;
    for (const f of [...fresh.childNodes]) {
      const k = key(f), same = k ? keyed.get(k) : at && alike(at, f) ? at : null;
      if (!same) { live.insertBefore(f, at); continue; }
      if (same === at) at = at.nextSibling; else live.insertBefore(same, at);
      morph(same, f);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  // A page that nobody looks at gives its connection back: browsers have but six for a site.
  let stream = null;
  function listen() {
    if (document.hidden) { if (stream) stream.close(); stream = null; return; }
    if (stream) return;
    stream = new EventSource("/events?partnership=" + encodeURIComponent(partnership));
    stream.onopen = refresh; // for what happened before anybody listened
    stream.onerror = () => say("out of reach, trying again", "lost");
    stream.addEventListener("cycle", refresh);
  }
  document.addEventListener("visibilitychange", listen);
  listen();
  setInterval(() => { if (!document.hidden) refresh(); }, 60000); // ages grow although nothing happens
})();

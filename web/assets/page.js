// Keeps an open page current: after each cycle it fetches the page again and puts the new content in place of the old.
// Without it the page is the same, and is read anew by hand.
"use strict";
(() => {
  const partnership = document.body.dataset.partnership;
  const badge = document.getElementById("live");
  if (!partnership || !window.EventSource || !badge) return;
  badge.hidden = false;

  const say = (text, state) => { badge.textContent = text; badge.dataset.state = state; };
  say("connecting", "wait");

  let busy = false, again = false;
  async function refresh() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      say("live", "ok");
    } catch {
      say("out of reach, trying again", "wait");
    } finally {
      busy = false;
      if (again) { again = false; refresh(); }
    }
  }

  // What a person is doing stays: focus, an input that is being filled in, open details, the place on the page.
  function swap(next) {
    const main = document.getElementById("main"), fresh = next.getElementById("main");
    if (!main || !fresh) return;
    const form = main.querySelector("form.filter"), freshForm = fresh.querySelector("form.filter");
    if (form && freshForm) freshForm.replaceWith(form);
    const open = new Set([...main.querySelectorAll("details[open]")].map(where));
    for (const d of fresh.querySelectorAll("details")) if (open.has(where(d))) d.open = true;
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const href = focused && focused.getAttribute("href");
    const y = window.scrollY;
    const before = new Map([...main.querySelectorAll("tr[id]")].map((r) => [r.id, r.textContent]));
    main.replaceChildren(...fresh.childNodes);
    for (const r of main.querySelectorAll("tr[id]")) {
      if (before.has(r.id) && before.get(r.id) !== r.textContent) r.classList.add("changed");
    }
    if (focused && form && form.contains(focused)) focused.focus();
    else if (href) [...main.querySelectorAll("a")].find((a) => a.getAttribute("href") === href)?.focus();
    window.scrollTo(0, y);
  }
  const where = (d) => (d.closest("tr")?.id || "") + "|" + d.querySelector("summary")?.textContent.replace(/\d+/g, "");

  const stream = new EventSource("/events?partnership=" + encodeURIComponent(partnership));
  let opened = false;
  stream.onopen = () => { say("live", "ok"); if (opened) refresh(); opened = true; };
  stream.onerror = () => say("out of reach, trying again", "wait");
  stream.addEventListener("cycle", refresh);
  setInterval(refresh, 60000); // ages grow although nothing happens
})();

// The toolbar page: for whom it is open, what can be sent to them, and sending it. What it shows comes from the service
// as parts of the page; what it does are requests that have a name, so that each is carried out once.
(function () {
  "use strict";

  const AT_ONCE_MAX = 9;
  // A customer who was just added is read by then, or is none.
  const READ_TRIES = 6;
  const READ_MS = 1500;
  // The status of no answer at all.
  const OFFLINE = 0;

  const { corp, agent, token } = document.body.dataset;
  const says = JSON.parse(document.body.dataset.says);
  const byId = (id) => document.getElementById(id);
  const made = (element, properties) => Object.assign(document.createElement(element), properties);

  // Where the page is open, for which customer, and what is chosen for them: titles by item.
  let entry = null;
  let customer = null;
  let kind = null;
  let turn = 0;
  const chosen = new Map();
  // Names the sending of what is chosen, until it has gone through.
  let sending = null;

  // ---- the service

  class Refused extends Error {
    constructor(status, problem) {
      super(problem.detail || says.trouble);
      this.status = status;
      this.faults = problem.faults || [];
    }
  }

  async function ask(path, options) {
    const answer = await fetch(path, options).catch(() => null);
    if (!answer) throw new Refused(OFFLINE, {});
    if (answer.ok) return answer;
    throw new Refused(answer.status, await answer.json().catch(() => ({})));
  }

  const part = async (path) => (await ask(path)).text();

  function newName() {
    const bits = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bits, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function post(path, body, key = newName()) {
    const headers = { "Content-Type": "application/json", "X-Toolbar-Token": token, "Idempotency-Key": key };
    return ask(path, { method: "POST", headers, body: JSON.stringify(body), keepalive: true });
  }

  const about = (path, query) => {
    const text = query ? `?${new URLSearchParams(query)}` : "";
    return `/sidebar/customer/${encodeURIComponent(customer)}${path}${text}`;
  };

  async function signature(identity, url) {
    return (await ask(`/sidebar/signature?${new URLSearchParams({ identity, url })}`)).json();
  }

  // Whether the service has said no, so that asking the same once more would not help.
  const isFinal = ({ status }) => status >= 400 && status < 500;

  // ---- what is told

  // What the service says of it; of anything else that went wrong, only that it did.
  const told = (problem) => (problem instanceof Refused ? problem.message : says.trouble);

  function checks(list, wanted) {
    list.textContent = "";
    list.hidden = !wanted;
    if (!wanted) return;
    const texts = ["app", "member", "domain", "agent", "version"].map((check) => says[`check_${check}`]);
    list.append(...texts.map((textContent) => made("li", { textContent })));
  }

  function say(what, reason = "") {
    byId("state").textContent = says[what] || what;
    byId("reason").textContent = reason;
    byId("again").hidden = ["reading", "opened", "outside", "ended"].includes(what);
    checks(byId("checks"), what === "denied");
  }

  function conclude(what, reason = "", count = 0) {
    const outcome = byId("outcome");
    outcome.textContent = (says[what] || what).replace("{}", count);
    if (reason) outcome.append(" ", made("small", { textContent: reason }));
    if (what === "not_sent") {
      const list = made("ol");
      checks(list, true);
      outcome.append(list);
    }
    outcome.classList.toggle("bad", !["sent", "done", "links", "sending", "profile", "group"].includes(what));
    bar();
  }

  function bar() {
    const free = entry === "single_chat_tools" || entry === "group_chat_tools";
    byId("bar").hidden = !chosen.size && !byId("outcome").textContent && byId("links").hidden;
    byId("count").textContent = `${chosen.size} / ${AT_ONCE_MAX}`;
    byId("send").hidden = !free;
    byId("send").disabled = byId("copy").disabled = !chosen.size || busy;
  }

  // ---- for whom

  async function connect() {
    [entry, customer, kind] = [null, null, null];
    chosen.clear();
    byId("people").textContent = "";
    byId("customer").textContent = "";
    try {
      // Outside of WeCom the JS-SDK waits for a client for ever.
      if (!client.isThere()) return await choose("outside", "/sidebar/customers");
      let refused = null;
      const signed = (identity, url) =>
        signature(identity, url).catch((problem) => {
          // The JS-SDK hands it on in words of its own.
          refused = problem;
          throw problem;
        });
      const found = await client.place(corp, agent, signed).catch(async (problem) => {
        if (refused) throw refused;
        const why = client.failure(problem);
        const reason = problem.errMsg || problem.message;
        const what = { old: "old", no_context: "elsewhere", unknown: "trouble" }[why] || "denied";
        await choose(what, "/sidebar/customers", reason);
        return null;
      });
      if (!found) return;
      if (found.chat) {
        entry = found.entry;
        return await choose("opened", `/sidebar/group/${encodeURIComponent(found.chat)}`);
      }
      if (!found.customer) return await choose("elsewhere", "/sidebar/customers");
      entry = found.entry;
      await report(found);
      say("reading");
      await show(found.customer);
    } catch (problem) {
      trouble(problem);
    }
  }

  function trouble(problem) {
    if (problem.status === 401) return say("ended", problem.message);
    say(told(problem), problem instanceof Refused ? "" : problem.message);
  }

  const report = ({ entry, customer }) => post("/sidebar/opened", { entry, external_userid: customer });

  async function choose(what, path, reason) {
    say(what, reason);
    byId("people").innerHTML = await part(path);
  }

  async function show(id) {
    customer = id;
    for (let tries = 1; ; tries += 1) {
      try {
        await refresh();
        break;
      } catch (problem) {
        if (problem.status !== 404 || tries === READ_TRIES) throw problem;
        await new Promise((resolve) => setTimeout(resolve, READ_MS));
      }
    }
    // Where the client told no customer, what to do about it goes on being said.
    if (entry) say("opened");
    const note = { contact_profile: "profile", group_chat_tools: "group" }[entry];
    if (note) conclude(note);
    const first = document.querySelector("[data-do=tab]");
    if (first) await tab(first.dataset.kind);
  }

  // What is shared, and the state of it. The list to choose from stays as it is.
  async function refresh() {
    const html = await part(about(""));
    const old = byId("items");
    byId("customer").innerHTML = html;
    if (old && kind) {
      byId("items").replaceWith(old);
      press();
    }
    for (const open of document.querySelectorAll("details[data-load][open]")) load(open);
  }

  // ---- what can be sent

  function press() {
    for (const button of document.querySelectorAll("[data-do=tab]")) {
      button.setAttribute("aria-pressed", button.dataset.kind === kind);
    }
  }

  // The last choice counts, whatever answer comes first.
  async function tab(wanted) {
    kind = wanted;
    turn += 1;
    const own = turn;
    press();
    byId("record").textContent = "";
    byId("items").setAttribute("aria-busy", "true");
    try {
      const html = await part(about("/items", { kind, q: sought() }));
      if (own !== turn) return;
      byId("items").innerHTML = html;
      mark();
    } finally {
      if (own === turn) byId("items").setAttribute("aria-busy", "false");
    }
  }

  const sought = () => document.querySelector("[data-form=search] input").value.trim();

  async function more(button) {
    const html = await part(about("/items", { kind, q: sought(), after: button.dataset.after }));
    button.closest("li").outerHTML = html;
    mark();
  }

  function mark() {
    for (const box of document.querySelectorAll("#items input[type=checkbox]")) {
      box.checked = chosen.has(box.dataset.item);
    }
    bar();
  }

  function pick(box) {
    if (box.checked && chosen.size === AT_ONCE_MAX) {
      box.checked = false;
      return conclude("too_many");
    }
    if (box.checked) chosen.set(box.dataset.item, box.dataset.title);
    else chosen.delete(box.dataset.item);
    sending = null;
    byId("outcome").textContent = "";
    mark();
  }

  // ---- sending

  async function give(whose, items) {
    sending = sending || newName();
    const answer = await post(`${whose}/share`, { items }, sending);
    return (await answer.json()).cards;
  }

  // The card is sent: worth trying for some time. Without it the item stays "maybe sent".
  async function confirm(whose, item) {
    for (const wait of [0, 500, 2000]) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      try {
        return await post(`${whose}/confirm`, { item });
      } catch (problem) {
        if (isFinal(problem)) throw problem;
      }
    }
    throw new Refused(OFFLINE, {});
  }

  async function send(items) {
    // The client may answer when another customer's page has long been here.
    const whose = about("");
    conclude("sending");
    byId("links").hidden = true;
    const cards = await give(whose, items);
    let [sent, unsure, stopped] = [0, 0, null];
    for (const [n, card] of cards.entries()) {
      // What was there before stays; what was given for a card that is not sent is taken back.
      const takeBack = () =>
        card.fresh && post(`${whose}/revoke`, { item: card.item }).catch(() => (unsure += 1));
      if (stopped) {
        await takeBack();
        continue;
      }
      const isLast = n === cards.length - 1;
      try {
        const late = () => confirm(whose, card.item).then(() => about("") === whose && refresh());
        await client.send(card, isLast, () => late().catch(() => {}));
      } catch (problem) {
        const why = client.failure(problem);
        if (why === "unknown") {
          unsure += 1;
          chosen.delete(card.item);
        } else {
          stopped = { why, reason: problem.errMsg || problem.message };
          await takeBack();
        }
        continue;
      }
      sent += 1;
      // What went out is not sent again with what did not.
      chosen.delete(card.item);
      await confirm(whose, card.item).catch(() => (unsure += 1));
    }
    if (stopped) {
      const what = { denied: "not_sent", picture: "failed" }[stopped.why] || stopped.why;
      // Another attempt is another request: this one has been carried out, and taken back.
      sending = null;
      mark();
      conclude(unsure ? "unknown" : what, stopped.reason);
    } else {
      clear();
      conclude(unsure ? "unknown" : "sent", "", sent);
    }
    await refresh();
    if (kind) await tab(kind);
  }

  async function links(items) {
    const cards = await give(about(""), items);
    clear();
    const rows = cards.map(({ title, link }) => {
      const row = made("div", { className: "row" });
      const field = made("input", { readOnly: true, value: link });
      field.setAttribute("aria-label", title);
      const button = made("button", { type: "button", textContent: says.copy });
      button.dataset.do = "copy-one";
      row.append(made("b", { textContent: title }), field, button);
      return row;
    });
    byId("links").textContent = "";
    byId("links").append(...rows);
    byId("links").hidden = false;
    conclude("links");
    await refresh();
  }

  async function copyOne(button) {
    const field = button.parentElement.querySelector("input");
    field.select();
    // Without the right to write there, it stays selected for the hand to copy.
    await navigator.clipboard.writeText(field.value).catch(() => document.execCommand("copy"));
    button.textContent = says.copied;
  }

  function clear() {
    chosen.clear();
    sending = null;
    mark();
  }

  // ---- one item

  async function load(details) {
    const { load: what, item } = details.dataset;
    const place = details.querySelector(".loaded");
    try {
      place.innerHTML = await part(about(`/${what}`, { item }));
    } catch (problem) {
      place.textContent = told(problem);
    }
  }

  // What was said before takes the place of the button that asks for it.
  async function earlier(button) {
    const { item, before } = button.dataset;
    button.closest(".more").outerHTML = await part(about("/talk", { item, before }));
  }

  async function reload(form, query) {
    const details = form.closest("details");
    details.querySelector(".loaded").innerHTML = await part(about(`/${details.dataset.load}`, query));
  }

  async function reply(form) {
    const { item, text } = Object.fromEntries(new FormData(form));
    form.dataset.key = form.dataset.key || newName();
    await post(about("/comment"), { item, text }, form.dataset.key);
    await refresh();
    const again = document.querySelector(`details[data-load=talk][data-item="${CSS.escape(item)}"]`);
    if (again && !again.open) again.open = true;
  }

  async function fill(button) {
    byId("record").innerHTML = await part(about("/form", { form: button.dataset.formId }));
    byId("record").dispatchEvent(new Event("fields", { bubbles: true }));
    byId("record").scrollIntoView({ block: "start" });
  }

  async function record(form, then) {
    const values = {};
    const many = new Set(Array.from(form.querySelectorAll("[data-many]"), (set) => set.dataset.many));
    for (const [key, value] of new FormData(form)) {
      if (key === ":title" || key === "then") continue;
      if (many.has(key)) (values[key] = values[key] || []).push(value);
      else values[key] = value;
    }
    const title = form.elements[":title"].value;
    const body = { id: form.dataset.id, form: form.dataset.formId, title, values };
    form.dataset.key = form.dataset.key || newName();
    const answer = await post(about("/record"), body, form.dataset.key);
    const { item } = await answer.json();
    byId("record").textContent = "";
    conclude("done");
    clear();
    if (then === "send" && item) {
      if (byId("send").hidden) await links([item]);
      else await send([item]);
    } else {
      await tab("record");
    }
  }

  function faults(form, problem) {
    for (const place of form.querySelectorAll(".fault")) place.textContent = "";
    const rest = (problem.faults || []).filter(({ place, text }) => {
      const own = form.querySelector(`.fault[data-place="${CSS.escape(place)}"]`);
      if (own) own.textContent = text;
      return !own;
    });
    const whole = form.querySelector(".fault:not([data-place])") || byId("outcome");
    whole.textContent = [told(problem), ...rest.map(({ text }) => text)].join(" ");
    const first = form.querySelector(".fault[data-place]:not(:empty)");
    if (first) first.scrollIntoView({ block: "center" });
  }

  // ---- hands

  let busy = false;

  async function attempt(work, form) {
    try {
      await work();
    } catch (problem) {
      if (problem.status === 401) say("ended", problem.message);
      // What was refused is another request when it is sent changed.
      if (form && isFinal(problem)) delete form.dataset.key;
      // A form that is done with is gone, and what went wrong behind it is said below.
      if (form && form.isConnected) faults(form, problem);
      else conclude(told(problem));
    }
  }

  // One change at a time: a second tap while one is in work does nothing.
  async function once(work, form) {
    if (busy) return;
    busy = true;
    bar();
    try {
      await attempt(work, form);
    } finally {
      busy = false;
      bar();
    }
  }

  // These only look.
  const LOOKS = ["tab", "more", "earlier", "fill", "leave-record", "copy-one", "search", "people", "members"];
  const how = (what) => (LOOKS.includes(what) ? attempt : once);

  const doings = {
    again: () => connect(),
    tab: (button) => tab(button.dataset.kind),
    more,
    earlier,
    fill,
    "leave-record": () => {
      byId("record").textContent = "";
    },
    choose: async (button) => {
      chosen.clear();
      kind = null;
      await show(button.dataset.customer);
      byId("customer").scrollIntoView({ block: "start" });
    },
    clear: () => {
      clear();
      byId("outcome").textContent = "";
      byId("links").hidden = true;
    },
    send: () => send([...chosen.keys()]),
    copy: () => links([...chosen.keys()]),
    "copy-one": copyOne,
    one: (button) => {
      clear();
      chosen.set(button.dataset.item, button.dataset.title);
      return byId("send").hidden || !entry ? links([button.dataset.item]) : send([button.dataset.item]);
    },
    confirm: (button) => post(about("/confirm"), { item: button.dataset.item }).then(refresh),
    revoke: async (button) => {
      await post(about("/revoke"), { item: button.dataset.item });
      await refresh();
      if (kind) await tab(kind);
    },
    give: (button) =>
      post(about("/give"), { item: button.dataset.item, to: button.dataset.to })
        .then(refresh)
        .then(() => conclude("done")),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) how(button.dataset.do)(async () => doings[button.dataset.do](button));
  });

  // Not every client tells by which button a form is sent.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest("button[name=then]");
      if (button) button.form.dataset.then = button.value;
    },
    true,
  );

  document.addEventListener("change", (event) => {
    if (event.target.matches("#items input[type=checkbox]")) pick(event.target);
  });

  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches("details[data-load]") && event.target.open) load(event.target);
    },
    true,
  );

  const forms = {
    search: () => tab(kind),
    people: async (form) => {
      const query = new URLSearchParams(new FormData(form));
      byId("people").innerHTML = await part(`/sidebar/customers?${query}`);
    },
    members: (form) => reload(form, new FormData(form)),
    reply,
    record,
  };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-form]");
    // Files that are still on their way hold a form back.
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const { then } = form.dataset;
    const own = form.dataset.form === "reply" || form.dataset.form === "record" ? form : null;
    how(form.dataset.form)(async () => forms[form.dataset.form](form, then), own);
  });

  connect();
})();

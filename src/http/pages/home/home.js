// Keeps what is typed until it was sent, and sends each form once. Everything else is links and forms.
"use strict";

const { person, done, restored, offline, sending } = document.body.dataset;
const place = (form) => `draft ${person} ${location.pathname} ${form}`;

// The browser may refuse to keep anything; then there are no drafts.
const kept = (work) => {
  try {
    return work();
  } catch {
    return null;
  }
};

if (done) {
  kept(() => localStorage.removeItem(place(done)));
  // Loaded again, the page has done nothing.
  const here = new URL(location);
  here.searchParams.delete("said");
  history.replaceState(null, "", here);
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const name = place(form.dataset.draft);
  // Files are kept by the server until the form is sent; how many there are must not move what else was typed.
  const isTyped = (field) =>
    field.name && !["hidden", "submit", "file"].includes(field.type) && !field.closest(".files-field");
  const fields = () => [...form.elements].filter(isTyped);
  const read = () =>
    fields().map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value]);
  const say = (text) => {
    let line = form.querySelector("[data-says]");
    if (!line) {
      line = document.createElement("p");
      line.dataset.says = "";
      line.className = "quiet";
      line.setAttribute("role", "status");
      form.prepend(line);
    }
    line.textContent = text;
  };

  const draft = kept(() => JSON.parse(localStorage.getItem(name)));
  // What the server gives back is newer than any draft.
  if (Array.isArray(draft) && !form.querySelector(".fault")) {
    const before = JSON.stringify(read());
    fields().forEach((field, at) => {
      const [key, value] = draft[at] ?? [];
      if (key !== field.name) return;
      if (field.type === "checkbox") field.checked = value === true;
      else field.value = value;
    });
    if (JSON.stringify(read()) !== before) say(restored);
  }

  form.addEventListener("input", () => kept(() => localStorage.setItem(name, JSON.stringify(read()))));

  let sent = false;
  form.addEventListener("submit", (event) => {
    // Files are still on their way.
    if (event.defaultPrevented) return;
    if (sent) return event.preventDefault();
    if (!navigator.onLine) {
      event.preventDefault();
      return say(offline);
    }
    sent = true;
    say(sending);
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  // Back from the next page, the form is as it was left.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sent = false;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  });
}

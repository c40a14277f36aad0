// Rows of an editor without loading the page anew. Everything works without it, too.
"use strict";

const showFor = (select) => {
  const row = select.closest("fieldset");
  for (const part of row.querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(select.value);
  }
};

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-kind]")) showFor(event.target);
});

document.addEventListener("submit", async (event) => {
  const [form, button] = [event.target, event.submitter];
  if (form.id !== "editor" || !button || button.name !== "do" || button.value === "save") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, button));
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body });
  } catch {
    answer = { ok: false };
  }
  const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page && page.getElementById("editor");
  if (!fresh) {
    // As if there were no script: the button's own way.
    const again = document.createElement("input");
    Object.assign(again, { type: "hidden", name: button.name, value: button.value });
    form.append(again);
    form.submit();
    return;
  }
  form.replaceWith(document.importNode(fresh, true));
  const place = button.formAction.split("#")[1];
  const row = place && document.getElementById(place);
  const field = row && row.querySelector("input:not([type=hidden])");
  if (field && button.value.startsWith("add:")) field.focus();
});

// Upload fields: each file goes by itself, with its progress, before the form does. Without this script a button sends
// them.
(() => {
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text || "" });

  function field(place) {
    const said = place.dataset;
    const list = place.querySelector(".files");
    const input = place.querySelector("input[type=file]");
    const status = place.querySelector(".files-said");
    let busy = 0;

    // What only a browser without scripts needs. A button that stayed would be what Enter presses.
    for (const own of place.querySelectorAll(".files-enter, .files-upload, [data-files-token]")) own.remove();
    // The form itself sends the ids only.
    input.removeAttribute("name");
    for (const line of list.children) removable(line);

    function removable(line) {
      const button = make("button", said.remove);
      button.type = "button";
      button.addEventListener("click", () => {
        line.remove();
        place.dispatchEvent(new Event("change", { bubbles: true }));
      });
      const box = line.querySelector("input[type=checkbox]");
      if (box) box.hidden = true;
      line.append(button);
    }

    function kept(line, file) {
      const label = make("label", file.name);
      const box = Object.assign(make("input"), { type: "checkbox", name: said.key, value: file.id, checked: true });
      label.prepend(box);
      line.replaceChildren(label);
      if (file.thumbnail) {
        line.prepend(Object.assign(new Image(), { src: `${said.base}/${file.id}/thumbnail`, alt: "" }));
      }
      removable(line);
      place.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function send(file) {
      const line = make("li");
      const progress = Object.assign(make("progress"), { max: 1, value: 0 });
      line.append(make("span", file.name), progress);
      list.append(line);
      const form = new FormData();
      form.append("upload_token", said.token);
      form.append(`file:${said.key}`, file);
      const request = new XMLHttpRequest();
      request.open("POST", said.files);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress.value = event.loaded / event.total;
      });
      request.addEventListener("load", () => {
        if (request.status === 200 && request.response) return kept(line, request.response);
        failed(line, file, (request.response && request.response.detail) || said.failed);
      });
      request.addEventListener("error", () => failed(line, file, said.failed));
      request.addEventListener("loadend", () => { busy -= 1; });
      busy += 1;
      request.send(form);
    }

    function failed(line, file, why) {
      line.remove();
      status.textContent = `${file.name}: ${why}`;
    }

    input.addEventListener("change", (event) => {
      event.stopPropagation();
      status.textContent = "";
      for (const file of input.files) {
        if (list.children.length >= Number(said.max)) {
          status.textContent = said.many;
          break;
        }
        if (file.size > Number(said.maxBytes)) status.textContent = `${file.name}: ${said.large}`;
        else send(file);
      }
      input.value = "";
    });

    const form = place.closest("form");
    if (form) {
      form.addEventListener("submit", (event) => {
        if (busy > 0) {
          event.preventDefault();
          status.textContent = said.busy;
        }
      });
    }
  }

  const all = (part) => part.querySelectorAll("[data-files]").forEach(field);
  all(document);
  // A part of a page that comes later says so.
  document.addEventListener("fields", (event) => all(event.target));
})();

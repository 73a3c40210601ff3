// Dropping and previewing a photo. Without this script the form works all the same.
(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const zone = document.querySelector("[data-drop]");
  if (zone) {
    const input = zone.querySelector("input[type=file]");
    const preview = zone.querySelector("img.preview");
    const said = zone.querySelector(".said");
    const say = (words, trouble) => {
      said.textContent = words;
      zone.classList.toggle("wrong", trouble);
    };
    const show = () => {
      if (preview.src) URL.revokeObjectURL(preview.src);
      preview.removeAttribute("src");
      preview.hidden = true;
      const file = input.files[0];
      zone.classList.toggle("filled", Boolean(file));
      say(file ? file.name : "", false);
      if (!file) return;
      if (file.size > Number(zone.dataset.most)) {
        input.value = "";
        zone.classList.remove("filled");
        say(zone.dataset.large, true);
        return;
      }
      preview.onload = () => { preview.hidden = false; };
      preview.onerror = () => say(zone.dataset.other, true);
      preview.src = URL.createObjectURL(file);
    };
    input.addEventListener("change", show);
    const over = (event) => {
      if (!event.dataTransfer || !event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("over");
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", () => zone.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer || !event.dataTransfer.files.length) return;
      event.preventDefault();
      zone.classList.remove("over");
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      input.files = one.files;
      show();
    });
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData && event.clipboardData.files[0];
      if (!file) return;
      const one = new DataTransfer();
      one.items.add(file);
      input.files = one.files;
      show();
    });
  }
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button[data-wait]");
      if (!button) return;
      button.dataset.said = button.textContent;
      button.textContent = button.dataset.wait;
      button.setAttribute("aria-busy", "true");
    });
  }
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button[data-said]")) {
      button.textContent = button.dataset.said;
      button.removeAttribute("aria-busy");
    }
  });
})();

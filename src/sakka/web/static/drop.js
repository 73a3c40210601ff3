// Choosing, dropping and pasting photos, taking one away, looking at another photo of a work, and picking works without
// leaving the page. Without this script the forms and the links work all the same.
(() => {
  "use strict";
  const AGAIN_MS = 3000; // after which it is looked whether what comes late is there
  document.documentElement.classList.add("js");
  const zone = document.querySelector("[data-drop]");
  if (zone) {
    const input = zone.querySelector("input[type=file]");
    const previews = zone.querySelector(".previews");
    const said = zone.querySelector(".said");
    const most = Number(zone.dataset.photos);
    const removal = zone.dataset.remove.split("|");
    let chosen = [];
    const say = (words, trouble) => {
      said.textContent = words;
      zone.classList.toggle("wrong", trouble);
    };
    const preview = (file, place) => {
      const item = document.createElement("li");
      const image = document.createElement("img");
      image.className = "preview";
      image.alt = file.name;
      image.onload = () => URL.revokeObjectURL(image.src);
      image.onerror = () => { image.hidden = true; say(`${file.name}: ${zone.dataset.other}`, true); };
      image.src = URL.createObjectURL(file);
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "×";
      button.setAttribute("aria-label", removal[place]);
      button.addEventListener("click", () => {
        chosen.splice(place, 1);
        show("");
        (previews.querySelectorAll("button")[Math.min(place, chosen.length - 1)] || input).focus();
      });
      item.append(image, button);
      return item;
    };
    const show = (trouble) => {
      const files = new DataTransfer();
      for (const file of chosen) files.items.add(file);
      input.files = files.files;
      zone.classList.toggle("filled", chosen.length > 0);
      const words = most === 1 && chosen.length ? chosen[0].name : zone.dataset.chosen.split("|")[chosen.length - 1];
      say(trouble || words || "", Boolean(trouble));
      previews.replaceChildren(...chosen.map(preview));
    };
    const add = (files) => {
      let trouble = "";
      if (most === 1 && files.length) chosen = [];
      for (const file of files) {
        const known = (each) => each.name === file.name && each.size === file.size && each.lastModified === file.lastModified;
        const together = chosen.reduce((sum, each) => sum + each.size, file.size);
        if (chosen.some(known)) continue;
        if (file.size > Number(zone.dataset.most)) trouble = `${file.name}: ${zone.dataset.large}`;
        else if (chosen.length === most) trouble = zone.dataset.many;
        else if (together > Number(zone.dataset.together)) trouble = zone.dataset.largeTogether;
        else chosen.push(file);
      }
      show(trouble);
    };
    input.addEventListener("change", () => add([...input.files]));
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
      add([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      if (event.clipboardData && event.clipboardData.files.length) add([...event.clipboardData.files]);
    });
  }
  for (const photos of document.querySelectorAll(".photos")) {
    const large = photos.querySelector("figure img");
    const links = photos.querySelectorAll(".strip a[data-large]");
    for (const link of links) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        large.src = link.dataset.large;
        large.alt = link.querySelector("img").alt;
        for (const each of links) each.removeAttribute("aria-current");
        link.setAttribute("aria-current", "true");
      });
    }
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form.pick") || form.dataset.refused) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const body = new URLSearchParams([...new FormData(form), ["do", button.value]]);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      form.dataset.refused = "1";
      form.requestSubmit(button); // the page says why
      return;
    }
    const added = button.value === "add";
    for (const other of document.querySelectorAll("form.pick")) {
      if (other.elements.id.value !== form.elements.id.value) continue;
      const its = other.querySelector("button");
      its.value = added ? "remove" : "add";
      its.setAttribute("aria-pressed", String(added));
    }
    document.querySelector("[data-picks]").textContent = (await answer.json()).picks || "";
  });
  const later = async () => {
    const part = document.querySelector("[data-later]");
    if (!part) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const ready = answer.ok && page.getElementById(part.id);
    if (ready && !ready.hasAttribute("data-later")) part.replaceWith(document.adoptNode(ready));
    else setTimeout(later, AGAIN_MS);
  };
  setTimeout(later, AGAIN_MS);
  for (const link of document.querySelectorAll("a[data-copy]")) {
    link.addEventListener("click", async (event) => {
      if (!navigator.clipboard) return;
      event.preventDefault();
      await navigator.clipboard.writeText(link.href);
      link.textContent = link.dataset.copy;
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

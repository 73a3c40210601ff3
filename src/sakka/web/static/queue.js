// The reviewer's queue by keyboard, without leaving the page. Without this script its buttons work all the same.
(() => {
  "use strict";
  const list = document.querySelector(".findings");
  const status = document.querySelector("[data-status]");
  const cards = () => [...list.querySelectorAll(":scope > .card")];
  const keys = { c: "confirmed", d: "dismissed", l: "later" };
  let done = 0;
  let last = null;
  const focus = (card) => {
    if (!card) return;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "start" });
  };
  const current = () => document.activeElement.closest(".findings > .card");
  const send = async (form, finding, decision) => {
    const body = new URLSearchParams({ finding, decision });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    return answer.ok;
  };
  const say = (more) => {
    done += more;
    status.textContent = done > 0 ? status.dataset.done.replace("#", done) : "";
    recount();
  };
  const recount = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const counts = page.querySelector("#counts");
    if (answer.ok && counts) document.querySelector("#counts").replaceWith(counts);
  };
  const decide = async (card, decision) => {
    const form = card.querySelector("form.decide");
    const button = form && form.querySelector(`button[value=${decision}]`);
    if (!button || card.dataset.busy) return;
    card.dataset.busy = "1";
    if (!(await send(form, form.elements.finding.value, decision))) {
      delete card.dataset.busy;
      card.dataset.refused = "1";
      form.requestSubmit(button); // the page says why
      return;
    }
    delete card.dataset.busy;
    const next = card.nextElementSibling || card.previousElementSibling;
    last = { card, before: card.nextElementSibling };
    card.remove();
    say(1);
    if (next) focus(next);
    else location.reload();
  };
  const undo = async () => {
    if (!last) return;
    const { card, before } = last;
    last = null;
    const form = card.querySelector("form.decide");
    if (!(await send(form, form.elements.finding.value, "open"))) return;
    list.insertBefore(card, before);
    say(-1);
    focus(card);
  };
  list.addEventListener("submit", (event) => {
    const card = event.target.closest(".findings > .card");
    if (!event.target.matches("form.decide") || !event.submitter || card.dataset.refused) return;
    if (event.submitter.value === "open") return;
    event.preventDefault();
    decide(card, event.submitter.value);
  });
  const count = () => {
    const selected = list.querySelectorAll("input[type=checkbox]:checked").length;
    const shown = document.querySelector("[data-selected]");
    if (shown) shown.textContent = selected || "";
  };
  list.addEventListener("change", count);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const key = event.key.toLowerCase();
    const card = current();
    if (key === "j" || key === "k") {
      const all = cards();
      const at = all.indexOf(card);
      focus(card ? all[at + (key === "j" ? 1 : -1)] : all[0]);
    } else if (key === "u") undo();
    else if (key === "x" && card) {
      const box = card.querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
      count();
    } else if (keys[key] && card) decide(card, keys[key]);
    else return;
    event.preventDefault();
  });
})();

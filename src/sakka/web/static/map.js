// The map of the collection without leaving the page: its own links, fetched and put in. Without this script they are
// followed as they are.
(() => {
  "use strict";
  let going = false;
  const go = async (address, remembers) => {
    if (going) return;
    going = true;
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#map");
      if (!answer.ok || !next) {
        location.assign(address);
        return;
      }
      const focused = document.activeElement;
      const key = focused.dataset && focused.dataset.key;
      const inFrame = focused.closest(".frame");
      document.querySelector("#map").replaceWith(next);
      const same = key && next.querySelector(`[data-key=${key}]`);
      if (same || inFrame) (same || next.querySelector(".frame")).focus({ preventScroll: true });
      if (remembers) history.pushState(null, "", address);
      showMarked();
    } finally {
      going = false;
    }
  };
  const showMarked = () => {
    const marked = document.querySelector(".cells .marked");
    if (marked) marked.scrollIntoView({ block: "nearest", inline: "center" });
  };
  const follow = (key) => {
    const link = document.querySelector(`#map a[data-key=${key}]`);
    if (link) go(link.href, true);
    return Boolean(link);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#map a[data-map], #map .steer a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.href, true);
  });
  const keys = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", "+": "in", "-": "out" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.target.closest(".frame, .steer")) return;
    if (keys[event.key] && follow(keys[event.key])) event.preventDefault();
  });
  let from = null;
  document.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.target.closest(".frame")) from = [event.clientX, event.clientY];
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest(".frame")) event.preventDefault();
  });
  document.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [right, down] = [event.clientX - from[0], event.clientY - from[1]];
    from = null;
    if (Math.max(Math.abs(right), Math.abs(down)) < 60) return;
    addEventListener("click", (click) => click.preventDefault(), { capture: true, once: true });
    if (Math.abs(right) > Math.abs(down)) follow(right > 0 ? "left" : "right");
    else follow(down > 0 ? "up" : "down");
  });
  window.addEventListener("popstate", () => go(location.href, false));
  showMarked();
})();

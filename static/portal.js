// What makes the portal handier where scripts run. Every page works without this file.
(() => {
  "use strict";
  const $ = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // A form is sent once: a second click on a slow line would send it again. Five seconds only,
  // because a form that downloads a file stays where it is.
  const sentAt = new WeakMap();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
    if (Date.now() - (sentAt.get(form) ?? 0) < 5000) event.preventDefault();
    else sentAt.set(form, Date.now());
  });

  // Typed text is not lost by a click on a link.
  let typed = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-keep]")) typed = true;
  });
  document.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

  // What is ticked in a list stays ticked when a filter changes the list.
  const ticked = new Map();
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("#results [data-carry]")) return;
    if (target.checked) ticked.set(target.value, target.closest("label"));
    else ticked.delete(target.value);
  });
  document.addEventListener("htmx:afterSwap", () => {
    const [carried] = $("[data-carried]");
    ticked.forEach((label, value) => {
      const here = $("#results [data-carry]").find((box) => box.value === value);
      if (here) here.checked = true;
      else if (carried) {
        label.querySelector(".sr")?.classList.remove("sr");
        carried.append(label);
        carried.hidden = false;
      }
    });
  });

  // How many characters are left in a text with a limit.
  $("textarea[maxlength]").forEach((area) => {
    const left = area.parentElement.querySelector("[data-left]");
    if (!left) return;
    const count = () => {
      left.hidden = false;
      left.firstElementChild.textContent = area.maxLength - area.value.length;
    };
    area.addEventListener("input", count);
    count();
  });

  // A passkey that does not work says so on the page (allauth only tells the console).
  document.addEventListener("allauth.error", () => {
    $("[data-passkey-error]").forEach((note) => { note.hidden = false; });
  });

  // The page for 503 tries again by itself, with GET whatever was sent.
  $("[data-retry-minutes]").forEach((words) => {
    words.hidden = false;
    setTimeout(() => location.replace(location.href), words.dataset.retryMinutes * 60_000);
  });
})();

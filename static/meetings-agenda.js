// Items of the draft of an agenda are dragged to another place. The buttons beside them do the same.
(() => {
  "use strict";
  const form = document.querySelector("#moves");
  if (!form) return;
  let row = null;
  let home = null;
  document.querySelectorAll("tr[data-item]").forEach((one) => { one.draggable = true; });

  document.addEventListener("dragstart", (event) => {
    row = event.target.matches?.("tr[data-item]") ? event.target : null;
    if (!row) return;
    home = { parent: row.parentElement, next: row.nextElementSibling };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", row.id);
  });

  // The row goes along while it is dragged, so that one sees where it would be.
  document.addEventListener("dragover", (event) => {
    const session = row && event.target.closest?.("tbody[data-session]");
    if (!session) return;
    event.preventDefault();
    const over = event.target.closest("tr[data-item]");
    if (over === row) return;
    if (!over) { session.append(row); return; }
    const box = over.getBoundingClientRect();
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](row);
  });

  document.addEventListener("drop", (event) => {
    const session = row?.closest("tbody[data-session]");
    if (!session || !event.target.closest?.("tbody[data-session]")) return;
    event.preventDefault();
    const { session: to, position } = form.elements;
    to.disabled = position.disabled = false;
    to.value = session.dataset.session;
    position.value = Array.from(session.querySelectorAll("tr[data-item]")).indexOf(row) + 1;
    form.action = row.dataset.move;
    form.requestSubmit();
    row = null;
  });

  // Let go elsewhere, or Escape: nothing is moved.
  document.addEventListener("dragend", () => {
    if (row) home.parent.insertBefore(row, home.next);
    row = null;
  });
})();

"use strict";
(() => {
  document.documentElement.classList.add("js");

  // Tooltips: the <title> of a mark, shown at once and where the pointer is.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  for (const mark of document.querySelectorAll(".mark")) {
    const title = mark.querySelector("title");
    if (!title) continue;
    mark.dataset.tip = title.textContent;
    title.remove();
  }
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest("[data-tip]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.tip;
    const box = mark.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(box.left + box.width / 2 - tip.offsetWidth / 2, width - tip.offsetWidth - 8));
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(above < 4 ? box.bottom + 8 : above) + scrollY}px`;
  });

  // Chips light a line up, in the wide and in the narrow picture.
  for (const chip of document.querySelectorAll(".chip")) {
    chip.addEventListener("click", () => {
      const on = chip.classList.toggle("on");
      chip.setAttribute("aria-pressed", String(on));
      const selector = `.series[data-series="${chip.dataset.series}"]`;
      for (const series of chip.closest("figure").querySelectorAll(selector)) {
        series.classList.toggle("on", on);
        if (on) series.parentNode.append(series);
      }
      for (const label of chip.closest("figure").querySelectorAll(`[data-label="${chip.dataset.series}"]`)) {
        label.style.display = on ? "" : "none";
      }
    });
  }

  // Tables sort by the column whose head is clicked.
  const value = (row, column) => {
    const cell = row.cells[column];
    return column === 0 ? cell.textContent : parseFloat(cell.dataset.value ?? "NaN");
  };
  for (const head of document.querySelectorAll(".sortable thead th")) {
    head.tabIndex = 0;
    const sort = () => {
      const body = head.closest("table").tBodies[0];
      const column = head.cellIndex;
      const now = head.getAttribute("aria-sort");
      const up = now ? now === "descending" : column === 0 || "lower" in head.dataset; // best first
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        if (column === 0) return sign * x.localeCompare(y);
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return sign * (x - y);
      });
      body.append(...rows);
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); }
    });
  }
})();

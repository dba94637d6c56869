// The table of a task: sorting, filters and comparison, without a server and without any request. Rows beyond the first are kept as the
// text of the page's <noscript> until they are shown, so that ten thousand of them cost nothing until then.
"use strict";
(() => {
  const page = 100, most = 1000;
  const $ = (id) => document.getElementById(id);
  const table = $("models"), body = table.tBodies[0];
  const { keys, rows } = JSON.parse($("data").textContent);
  const at = Object.fromEntries(keys.map((key, index) => [key, index]));
  const ids = rows.map((row) => row[at.id]);
  const places = new Map(ids.map((id, index) => [id, index]));
  const elements = Array.from(body.rows);
  const texts = rest();
  const words = [];
  const chosen = new Set();
  const signs = Array.from(document.querySelectorAll("a.spot"));
  const signOf = new Map(signs.map((sign) => [sign.getAttribute("href"), sign]));
  let order = rows.map((_, index) => index), shown = order, limit = page, sorted = { key: "regime", falls: false };

  document.documentElement.classList.add("js");
  elements.forEach((row, index) => addCheckbox(row, index));
  addButtons();
  addChoices("architecture");
  addChoices("training");
  $("filters").hidden = false;
  $("filters").addEventListener("input", later(filter));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(filter));
  $("more-some").addEventListener("click", () => showMore(limit + page));
  // Ten thousand rows at once take a browser half a minute, and nobody reads them.
  $("more-all").addEventListener("click", () => showMore(limit + most));
  $("clear").addEventListener("click", () => choose([]));
  addEventListener("hashchange", followAddress);
  let onScreen;
  addEventListener("beforeprint", () => {
    onScreen = { limit, meanings: $("meanings").open };
    limit = Math.max(limit, most);
    $("meanings").open = true;
    draw();
  });
  addEventListener("afterprint", () => {
    if (!onScreen) return;
    limit = onScreen.limit;
    $("meanings").open = onScreen.meanings;
    draw();
  });
  // A browser that goes back fills the form in again.
  addEventListener("pageshow", filter);
  filter();
  followAddress();

  // One line each, as the page was written.
  function rest() {
    const text = $("rest")?.textContent ?? "";
    const start = text.indexOf("<!--rows-->"), end = text.lastIndexOf("<!--end-->");
    return start < 0 ? [] : text.slice(start + 12, end - 1).split("\n");
  }

  function element(index) {
    if (!elements[index]) {
      const template = document.createElement("template");
      template.innerHTML = texts[index - (rows.length - texts.length)];
      elements[index] = template.content.firstElementChild;
      addCheckbox(elements[index], index);
    }
    return elements[index];
  }

  function addCheckbox(row, index) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", `compare ${rows[index][at.name]}`);
    box.checked = chosen.has(ids[index]);
    row.classList.toggle("chosen", box.checked);
    box.addEventListener("change", () => {
      const all = new Set(chosen);
      if (box.checked) all.add(ids[index]); else all.delete(ids[index]);
      choose(all);
    });
    row.cells[0].append(box);
  }

  // Sorting

  function addButtons() {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.dataset.key) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(head));
      head.append(button);
    }
    mark();
  }

  function mark() {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.dataset.key) continue;
      if (head.dataset.key === sorted.key) head.setAttribute("aria-sort", sorted.falls ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  function sort(head) {
    const key = head.dataset.key, column = at[key];
    const falls = sorted.key === key ? !sorted.falls : head.dataset.first === "descending";
    sorted = { key, falls };
    order = rows.map((_, index) => index);
    const sign = falls ? -1 : 1;
    if (key === "regime") {
      // The leaderboard's own order, in which the rows are.
      if (falls) order.reverse();
    } else if (head.dataset.kind === "number") {
      // What is not known stays at the end, either way.
      order.sort((a, b) => {
        const x = rows[a][column], y = rows[b][column];
        return x === null || y === null ? (x === null) - (y === null) : sign * (x - y);
      });
    } else {
      const collator = new Intl.Collator("en", { numeric: true });
      order.sort((a, b) => {
        const x = rows[a][column], y = rows[b][column];
        return x === "" || y === "" ? (x === "") - (y === "") : sign * collator.compare(x, y);
      });
    }
    mark();
    filter();
  }

  // Filters

  function addChoices(key) {
    const counts = new Map();
    for (const row of rows) counts.set(row[at[key]], (counts.get(row[at[key]]) ?? 0) + 1);
    counts.delete("");
    const most = Array.from(counts).sort((a, b) => b[1] - a[1]).slice(0, 300);
    most.sort((a, b) => a[0] < b[0] ? -1 : 1);
    $(key).append(...most.map(([value, count]) => new Option(`${value} (${count})`, value)));
    $(key).closest(".field").hidden = most.length < 2;
  }

  function filter() {
    const regimes = new Set(Array.from(document.querySelectorAll("#regimes :checked"), (box) => box.value));
    const asked = $("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const reserved = $("reservations")?.value;
    const architecture = $("architecture").value, training = $("training").value;
    shown = order.filter((index) => {
      const row = rows[index];
      if (!regimes.has(row[at.regime])) return false;
      if (reserved && (row[at.reservations] !== "") !== (reserved === "with")) return false;
      if (architecture && row[at.architecture] !== architecture) return false;
      if (training && row[at.training] !== training) return false;
      if (asked.length === 0) return true;
      words[index] ??= row.filter((value) => typeof value === "string").join(" ").toLowerCase();
      return asked.every((word) => words[index].includes(word));
    });
    // What was asked for stays, as long as drawing it again takes no time.
    if (limit > 5 * page) limit = page;
    draw();
    const inside = new Set(shown);
    for (const [index, id] of signs.length ? ids.entries() : []) sign(id)?.classList.toggle("out", !inside.has(index));
  }

  function sign(id) { return signOf.get(`../models/${document.body.dataset.task ?? task()}/${id}.html`); }

  function task() {
    const address = elements[0]?.querySelector("th a")?.getAttribute("href") ?? "";
    return document.body.dataset.task = address.split("/")[2] ?? "";
  }

  function draw() {
    body.replaceChildren(...shown.slice(0, limit).map(element));
    const visible = Math.min(limit, shown.length), all = rows.length.toLocaleString("en");
    const count = shown.length.toLocaleString("en");
    $("status").textContent = (shown.length === rows.length ? `All ${all} models` : `${count} of ${all} models`)
      + (visible < shown.length ? `, the first ${visible.toLocaleString("en")} shown` : "");
    $("more").hidden = visible >= shown.length;
    $("more-all").textContent = shown.length - visible > most ? `Show ${most.toLocaleString("en")} more` : "Show all";
  }

  function showMore(next) {
    const first = limit;
    limit = next;
    draw();
    // The button may be gone: what was asked for gets the focus.
    body.rows[first]?.querySelector("a")?.focus();
  }

  function later(work) {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(work, rows.length > 2000 ? 120 : 0); };
  }

  // Comparison

  function choose(wanted) {
    const before = new Set(chosen);
    chosen.clear();
    for (const id of wanted) if (places.has(id) && chosen.size < 12) chosen.add(id);
    for (const id of new Set([...before, ...wanted, ...chosen])) {
      const row = places.has(id) ? elements[places.get(id)] : undefined;
      if (!row) continue;
      row.querySelector("input").checked = chosen.has(id);
      row.classList.toggle("chosen", chosen.has(id));
    }
    const count = chosen.size;
    $("tray").hidden = count === 0;
    $("chosen").textContent = count === 12 ? "12 models chosen, which is the most" : `${count} ${count === 1 ? "model" : "models"} chosen`;
    $("compare").href = "#compare=" + Array.from(chosen, encodeURIComponent).join(",");
    if (!$("comparison").hidden) {
      if (count) history.replaceState(null, "", $("compare").href);
      compare();
    }
  }

  function followAddress() {
    const match = location.hash.match(/^#compare=(.+)$/);
    if (!match) return;
    let wanted = [];
    try { wanted = match[1].split(",").map(decodeURIComponent); } catch { return; }
    choose(wanted);
    $("comparison").hidden = false;
    compare();
    $("comparison-title").focus();
    $("comparison").scrollIntoView();
  }

  // A table for each quantity, its rows the models: their bars stand under each other on one axis.
  function compare() {
    $("comparison").hidden = chosen.size === 0;
    const models = Array.from(chosen, (id) => places.get(id));
    const blocks = [];
    for (const [place, head] of Array.from(table.tHead.rows[0].cells).entries()) {
      const key = head.dataset.key;
      if (!key || key === "name") continue;
      const values = models.map((index) => rows[index][at[key]]);
      if (values.every((value) => value === null || value === "")) continue;
      const block = document.createElement("table");
      block.className = "block";
      const caption = block.createCaption();
      caption.append(node("b", head.textContent));
      if (head.title && key !== "regime") caption.append(node("small", head.title));
      const rowsOf = block.createTBody();
      for (const index of models) {
        const cell = element(index).cells[place], row = rowsOf.insertRow();
        const name = node("th", "");
        name.scope = "row";
        name.append(element(index).querySelector("th a").cloneNode(true));
        row.append(name);
        const value = row.insertCell(), bar = cell.querySelector(".bar");
        value.className = head.dataset.kind === "number" ? "n" : "";
        for (const child of cell.childNodes) if (child !== bar) value.append(child.cloneNode(true));
        if (bar) value.append(bar.cloneNode(true));
      }
      blocks.push(block);
    }
    $("blocks").replaceChildren(...blocks);
  }

  function node(name, text) {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  }
})();

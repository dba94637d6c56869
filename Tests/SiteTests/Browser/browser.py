#!/usr/bin/env python3
"""Opens a site that `pags-bench leaderboard site` made in a headless Chromium and tries it as a reader would.

    python3 Tests/SiteTests/Browser/browser.py SITE [--chromium PROGRAM] [--screenshots DIR] [--times]

Prints one line for each thing that is not as it should be, and exits with 1 where there is any; with --times how long pages took to
open, sort and filter. Needs nothing but Python's standard library: the browser is driven through its debugging pipe.
"""

import argparse
import base64
import html.parser
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse


class Browser:
    """A Chromium, and one page of it."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="pags-bench-site-")
        (read, self.to), (self.fro, write) = os.pipe(), os.pipe()

        def pipes():
            # The browser reads from 3 and writes to 4. Moved out of the way first: the ends may have these numbers already.
            source, sink = os.dup(read), os.dup(write)
            high = [os.dup2(source, 103), os.dup2(sink, 104)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.set_inheritable(3, True)
            os.set_inheritable(4, True)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions",
             "--hide-scrollbars", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read)
        os.close(write)
        self.buffer, self.count, self.session = b"", 0, None
        self.requests, self.complaints, self.events = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Network", "Log"]:
            self.call(f"{domain}.enable")

    def close(self):
        os.close(self.to)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self, deadline):
        import select
        while b"\0" not in self.buffer:
            if not select.select([self.fro], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.fro, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, timeout=120, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        deadline = time.monotonic() + timeout
        while True:
            answer = self.read(deadline)
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(one.get("value", one.get("description"))) for one in parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"a dialog opened: {parameters['message']}")
            self.count += 1
            os.write(self.to, json.dumps({"id": self.count, "method": "Page.handleJavaScriptDialog", "params": {"accept": True},
                                          "sessionId": self.session}).encode() + b"\0")
        elif method == "Page.loadEventFired":
            self.events.append("load")

    def open(self, url, timeout=120):
        self.events = []
        # The same page with another fragment would not be loaded again.
        self.call("Page.navigate", url="about:blank")
        while "load" not in self.events:
            self.note(self.read(time.monotonic() + timeout))
        self.events = []
        self.call("Page.navigate", url=url)
        while "load" not in self.events:
            self.note(self.read(time.monotonic() + timeout))

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "a script failed"))
        return answer["result"].get("value")

    def key(self, name, code, text=None):
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, **extra)

    def size(self, width, height, scale=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)

    def look(self, dark=False, media=""):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))


class Page(html.parser.HTMLParser):
    """What a page links to, and what can be linked to in it."""

    void = set("area base br col embed hr img input link meta source track wbr".split())

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.links, self.ids, self.headings, self.languages, self.twice = [], set(), [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            if attributes["id"] in self.ids:
                self.twice.append(attributes["id"])
            self.ids.add(attributes["id"])
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append((tag, attributes[name], attributes.get("rel") or ""))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)

    handle_startendtag = handle_starttag


def check_links(site):
    """Every link leads to a page that is there; those that lead away say so; one h1 a page."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        if page.headings.count("h1") != 1:
            yield f"{name}: has {page.headings.count('h1')} headings of the first order"
        if page.twice:
            yield f"{name}: has the id {page.twice[0]} twice"
        for tag, link, relation in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme in ("https", "http"):
                if tag != "a" or "noopener" not in relation:
                    yield f"{name}: <{tag}> leads away without noopener: {link[:80]}"
                continue
            if parts.scheme == "data":
                if tag not in ("img", "link"):
                    yield f"{name}: <{tag}> has data in its address"
                continue
            if parts.scheme or parts.netloc:
                yield f"{name}: {link[:80]} is no address of a page"
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if site not in target.parents or not target.is_file():
                yield f"{name}: {link[:80]} leads nowhere"
            elif parts.fragment and target in pages and parts.fragment not in pages[target].ids:
                yield f"{name}: {link[:80]} leads to no place of its page"


COLUMN = """(key) => { const data = JSON.parse(document.getElementById('data').textContent), at = data.keys.indexOf(key);
  const values = new Map(data.rows.map((row) => [row[data.keys.length - 1], row[at]]));
  return Array.from(document.querySelectorAll('#models tbody tr'), (row) => values.get(row.id.slice(2))); }"""


def is_sorted(values, falls):
    known = [value for value in values if value is not None and value != ""]
    if any(value is None or value == "" for value in values[:len(known)]):
        return False
    if known and isinstance(known[0], str):
        return True
    return all(a >= b if falls else a <= b for a, b in zip(known, known[1:]))


def check_task(browser, url, name):
    browser.size(1400, 900)
    browser.open(url)
    count = browser.run("JSON.parse(document.getElementById('data').textContent).rows.length")
    rows = "document.querySelectorAll('#models tbody tr').length"
    if browser.run(rows) != min(count, 100):
        yield f"{name}: {browser.run(rows)} rows are shown of {count}"
    if not browser.run("document.getElementById('status').textContent").startswith("All "):
        yield f"{name}: the status does not say that all models are shown"
    # Sorting, by every column and both ways.
    for key in browser.run("Array.from(document.querySelectorAll('#models th[data-key]'), (head) => head.dataset.key)"):
        kind = browser.run(f"document.querySelector('#models th[data-key=\"{key}\"]').dataset.kind")
        for _ in range(2):
            browser.run(f"document.querySelector('#models th[data-key=\"{key}\"] button').click()")
            way = browser.run(f"document.querySelector('#models th[data-key=\"{key}\"]').getAttribute('aria-sort')")
            values = browser.run(f"({COLUMN})('{key}')")
            if way not in ("ascending", "descending") or (kind == "number" and not is_sorted(values, way == "descending")):
                yield f"{name}: sorted by {key}, {way}, the rows are not in order"
        if browser.run("document.querySelectorAll('#models [aria-sort]').length") != 1:
            yield f"{name}: not exactly one column says that it is sorted by"
    browser.run("document.querySelector('#models th[data-key=regime] button').click()")
    # Filters.
    for regime in browser.run("Array.from(document.querySelectorAll('#regimes input'), (box) => box.value)"):
        browser.run(f"""document.querySelectorAll('#regimes input').forEach((box) => {{ box.checked = box.value === '{regime}'; }});
          document.getElementById('filters').dispatchEvent(new Event('input', {{bubbles: true}}));
          new Promise((done) => setTimeout(done, 300))""")
        if set(browser.run(f"({COLUMN})('regime')")) - {regime}:
            yield f"{name}: rows of another regime than {regime} are shown"
    if browser.run("document.getElementById('reservations') !== null"):
        browser.run("document.querySelector('#filters button[type=reset]').click(); new Promise((done) => setTimeout(done, 300))")
        shown = {}
        for choice in ("with", "without", ""):
            browser.run(f"""document.getElementById('reservations').value = '{choice}';
              document.getElementById('filters').dispatchEvent(new Event('input', {{bubbles: true}})); new Promise((done) => setTimeout(done, 300))""")
            text = browser.run("document.getElementById('status').textContent").removeprefix("All ")
            shown[choice] = int(text.split()[0].replace(",", ""))
        if not 0 < shown["with"] <= count or shown["with"] + shown["without"] != count or shown[""] != count:
            yield f"{name}: the filter of reservations shows {shown} of {count} rows"
    browser.run("document.querySelector('#filters button[type=reset]').click(); new Promise((done) => setTimeout(done, 300))")
    if browser.run(rows) != min(count, 100):
        yield f"{name}: after the reset {browser.run(rows)} rows are shown"
    browser.run("""document.getElementById('words').value = 'no model has this name';
      document.getElementById('words').dispatchEvent(new Event('input', {bubbles: true})); new Promise((done) => setTimeout(done, 300))""")
    if browser.run(rows) != 0 or not browser.run("document.getElementById('status').textContent").startswith("0 of "):
        yield f"{name}: a search for what is not there finds something"
    browser.run("document.querySelector('#filters button[type=reset]').click(); new Promise((done) => setTimeout(done, 300))")
    # Rows beyond the first.
    if count > 100:
        browser.run("document.getElementById('more-some').click()")
        if browser.run(rows) != min(count, 200):
            yield f"{name}: after `Show 100 more` {browser.run(rows)} rows are shown"
        # On paper; a browser takes half a minute for ten thousand, and then cannot print them.
        browser.run("dispatchEvent(new Event('beforeprint'))")
        if browser.run(rows) != min(count, 1000) or not browser.run("document.getElementById('meanings').open"):
            yield f"{name}: {browser.run(rows)} rows are printed"
        browser.run("dispatchEvent(new Event('afterprint'))")
        if browser.run(rows) != min(count, 200) or browser.run("document.getElementById('meanings').open"):
            yield f"{name}: after printing {browser.run(rows)} rows are shown"
    # By keyboard: a sort button, then a checkbox, then the comparison.
    browser.run("document.querySelector('#models th[data-key=accuracy] button').focus()")
    browser.key("Enter", 13, "\r")
    if browser.run("document.querySelector('#models th[data-key=accuracy]').getAttribute('aria-sort')") is None:
        yield f"{name}: Enter on a column's button does not sort"
    for index in range(min(count, 2)):
        browser.run(f"document.querySelectorAll('#models tbody tr input')[{index}].focus()")
        browser.key(" ", 32, " ")
    if browser.run("document.getElementById('tray').hidden"):
        yield f"{name}: Space on a checkbox does not choose a model"
    browser.run("document.getElementById('compare').focus()")
    browser.key("Enter", 13, "\r")
    time.sleep(0.2)
    if browser.run("document.getElementById('comparison').hidden") or browser.run(
            "document.querySelectorAll('#blocks table').length") < 3:
        yield f"{name}: the comparison does not show"
    if browser.run("document.activeElement.id") != "comparison-title":
        yield f"{name}: the comparison does not get the focus"
    # Everything that has a role says what it is.
    for node in browser.call("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in ("table", "button", "link", "checkbox", "searchbox", "combobox", "region", "navigation"):
            if not node.get("name", {}).get("value"):
                yield f"{name}: a {role} has no name for screen readers"
    # A comparison is an address.
    address = browser.run("location.href")
    browser.open(address)
    if browser.run("document.querySelectorAll('#blocks table:first-child tr').length") != min(count, 2):
        yield f"{name}: the address of a comparison does not show it"


def check_shape(browser, url, name):
    """On a telephone and without scripts."""
    browser.size(390, 844, scale=2, mobile=True)
    browser.open(url)
    wide = browser.run("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        yield f"{name}: is {wide} pixels wider than a telephone"
    # A table may be wider, and is scrolled; what it is called is read without.
    cut = browser.run("[...document.querySelectorAll('caption')].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)")
    if cut:
        yield f"{name}: captions are cut off on a telephone: {', '.join(cut)}"
    browser.size(1400, 900)


def check_without_scripts(browser, url, name, site):
    count = browser.run("document.getElementById('data') ? JSON.parse(document.getElementById('data').textContent).rows.length : 0")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(url)
    # Counted in the document: its own scripts are off, those of the debugger are too.
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    found = len(browser.call("DOM.querySelectorAll", nodeId=root, selector="tbody tr[id^='m-']")["nodeIds"])
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    if found != count:
        yield f"{name}: without JavaScript {found} rows are there of {count}"


def times(browser, url, name):
    browser.size(1400, 900)
    opened = []
    for _ in range(3):
        browser.open(url)
        opened.append(browser.run("""(() => { const t = performance.getEntriesByType('navigation')[0];
          return [t.domContentLoadedEventEnd, t.loadEventEnd, performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1]; })()"""))
    best = min(opened, key=lambda one: one[1])
    frame = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))))"
    sort = browser.run(f"(() => {{ const start = performance.now(); document.querySelector('#models th[data-key=ratio] button').click(); return {frame}; }})()")
    text = browser.run(f"(() => {{ const start = performance.now(); document.querySelector('#models th[data-key=name] button').click(); return {frame}; }})()")
    script = browser.run(f"""(() => {{ const start = performance.now(); document.getElementById('words').value = '7';
      document.getElementById('filters').dispatchEvent(new Event('reset')); return {frame}; }})()""")
    print(f"{name}: content {best[0]:.0f} ms, load {best[1]:.0f} ms, first paint {best[2]:.0f} ms; sorting by a number {sort:.0f} ms, "
          f"by a name {text:.0f} ms, searching {script:.0f} ms, each with its frame")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=pathlib.Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser"))
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--times", action="store_true")
    options = parser.parse_args()
    site = options.site.resolve()
    if not options.chromium:
        sys.exit("browser.py: no chromium; install it or name it with --chromium")
    problems = [] if options.times else list(check_links(site))
    tasks = sorted((site / "tasks").glob("*.html"))
    models = sorted((site / "models").rglob("*.html"))
    browser = Browser(options.chromium)
    try:
        if options.times:
            for path in tasks:
                times(browser, path.as_uri(), path.relative_to(site))
            return
        others = [site / "index.html", site / "rule.html", site / "submit.html"]
        for path in tasks:
            problems += check_task(browser, path.as_uri(), path.relative_to(site))
            problems += check_without_scripts(browser, path.as_uri(), path.relative_to(site), site)
        for path in others + tasks + models[:40]:
            problems += check_shape(browser, path.as_uri(), path.relative_to(site))
            # What names from submissions must never become.
            strange = browser.run("document.querySelectorAll('main img[src=\"x\"], main script:not(#data), main b[onclick], [onerror], [onmouseover], [onfocus]').length")
            if strange:
                problems.append(f"{path.relative_to(site)}: {strange} elements are made of names")
        if options.screenshots:
            options.screenshots.mkdir(parents=True, exist_ok=True)
            for path in others + tasks[:2] + models[:1] + models[-1:]:
                name = "-".join(path.relative_to(site).with_suffix("").parts)
                for label, dark, width, mobile in [("light", False, 1400, False), ("dark", True, 1400, False), ("narrow", False, 390, True)]:
                    browser.size(width, 844 if mobile else 950, scale=2 if mobile else 1, mobile=mobile)
                    browser.look(dark)
                    browser.open(path.as_uri())
                    browser.picture(options.screenshots / f"{name}-{label}.png", whole=True)
        problems += [f"console: {one[:300]}" for one in browser.complaints]
        base = site.as_uri() + "/"
        problems += [f"a request to {url[:200]}" for url in browser.requests
                     if not url.startswith(base) and not url.startswith(("data:", "about:"))]
    finally:
        browser.close()
    for problem in problems:
        print(problem)
    print(f"{len(tasks)} tasks, {len(models)} models, {len(browser.requests)} requests, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

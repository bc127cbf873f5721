# SPDX-License-Identifier: MIT
# Looks at the page in headless Chromium: no error on the console, nothing loaded, every figure drawn and inside its
# drawing, nothing wider than the page. Screenshots of what was checked lie beside the page.
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

FIGURES = 6
TIMEOUT = 180  # seconds, for everything
VIEWS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]

# Runs in the page, with all tables open. Returns what is wrong, a sentence each.
LOOK = """(() => {
  const wrong = [], wide = document.documentElement.clientWidth;
  for (const d of document.querySelectorAll("details")) d.open = true;
  if (document.documentElement.scrollWidth > wide) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const e of document.body.querySelectorAll("*:not(svg *)")) {
    const r = e.getBoundingClientRect();
    if (r.width && (r.right > wide + 0.5 || r.left < -0.5)) wrong.push(`${e.tagName} ${e.className} sticks out: ${r.left} to ${r.right}`);
  }
  const figures = document.querySelectorAll("figure");
  if (figures.length !== FIGURES) wrong.push(`${figures.length} figures`);
  for (const f of figures) {
    const drawings = [...f.querySelectorAll("svg")].filter(s => s.getBoundingClientRect().width);
    if (drawings.length !== 1) wrong.push(`${f.id}: ${drawings.length} drawings are shown`);
    for (const s of drawings) {
      const v = s.viewBox.baseVal, drawn = [...s.querySelectorAll("rect,line,path,circle,text")];
      if (drawn.length < 20) wrong.push(`${f.id}: only ${drawn.length} parts`);
      if (/NaN|undefined|Infinity/.test(s.outerHTML)) wrong.push(`${f.id}: NaN`);
      for (const e of drawn) {
        const b = e.getBBox();
        if (b.x < v.x - 0.5 || b.y < v.y - 0.5 || b.x + b.width > v.width + 0.5 || b.y + b.height > v.height + 0.5)
          wrong.push(`${f.id}: ${e.tagName} "${e.textContent}" lies outside: ${[b.x, b.y, b.width, b.height].map(Math.round)} of ${v.width} x ${v.height}`);
      }
      const texts = drawn.filter(e => e.tagName === "text").map(e => [e.getBBox(), e.textContent]);
      texts.forEach(([a, ta], i) => texts.slice(i + 1).forEach(([b, tb]) => {
        const x = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
        const y = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
        if (x > 1.5 && y > 4.5) wrong.push(`${f.id}: "${ta}" and "${tb}" overlap`);
      }));
    }
  }
  return wrong;
})()""".replace("FIGURES", str(FIGURES))


class Browser:
    """Chromium, driven through the DevTools protocol on two pipes: requests and answers end with a 0 byte."""

    def __init__(self, folder):
        program = shutil.which("chromium") or sys.exit("report: there is no chromium; make report-check installs it")
        to_it, self.send_to = os.pipe()
        self.read_from, from_it = os.pipe()

        def join():  # its descriptors 3 and 4
            ends = os.dup(to_it), os.dup(from_it)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless", *["--no-sandbox"] * (os.getuid() == 0), "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--remote-debugging-pipe", "--user-data-dir=" + folder, "about:blank"],
            preexec_fn=join, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_it)
        os.close(from_it)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def message(self):
        while b"\0" not in self.rest:
            piece = os.read(self.read_from, 1 << 16) or sys.exit("report: chromium ended")
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def do(self, method, **params):
        """Makes a request, and returns its result."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.send_to, data):]
        while (answer := self.message()).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            sys.exit(f"report: {method}: {answer['error']['message']}")
        return answer["result"]

    def wait(self, event):
        while not any(e["method"] == event for e in self.events):
            self.events.append(self.message())

    def close(self):
        self.process.kill()
        self.process.wait()


def complaints(events):
    """What the page said on the console, and what it wanted to load."""
    for e in events:
        p = e.get("params", {})
        if e["method"] == "Runtime.exceptionThrown":
            yield "an exception: " + p["exceptionDetails"]["text"]
        elif e["method"] == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            yield "on the console: " + p["entry"]["text"]
        elif e["method"] == "Runtime.consoleAPICalled":
            yield "on the console: " + p["type"]
        elif e["method"] == "Network.requestWillBeSent" and not p["request"]["url"].startswith(("file:", "data:")):
            yield "it loads " + p["request"]["url"]


def look(browser, url, width, scheme, picture):
    """Opens the page, takes a picture of it, and returns what is wrong."""
    browser.events.clear()
    browser.do("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.do("Emulation.setEmulatedMedia", media="screen",
               features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.do("Page.navigate", url=url)
    browser.wait("Page.loadEventFired")
    shot = browser.do("Page.captureScreenshot", captureBeyondViewport=True)
    with open(picture, "wb") as f:
        f.write(base64.b64decode(shot["data"]))
    wrong = browser.do("Runtime.evaluate", expression=LOOK, returnByValue=True)["result"]["value"]
    return list(complaints(browser.events)) + wrong


def check(path):
    url, beside = "file://" + os.path.abspath(path), os.path.splitext(os.path.abspath(path))[0]
    bad = 0
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"report: chromium has not ended after {TIMEOUT} s"))
    signal.alarm(TIMEOUT)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            for domain in ("Page", "Runtime", "Log", "Network"):
                browser.do(domain + ".enable")
            for width, scheme in VIEWS:
                wrong = look(browser, url, width, scheme, f"{beside}-{width}-{scheme}.png")
                for sentence in wrong:
                    print(f"  {sentence}")
                print(f"{'FAIL' if wrong else 'PASS'} report_at_{width}_{scheme}" + f": {len(wrong)} mistakes" * bool(wrong))
                bad += bool(wrong)
            paper = browser.do("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
            with open(beside + ".pdf", "wb") as f:
                f.write(base64.b64decode(paper["data"]))
        finally:
            browser.close()
    return 1 if bad else 0

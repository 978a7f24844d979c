"""Drives a headless Chromium through the web page, over the DevTools protocol on a pipe; standard library only.

    browser.py find                          prints the browser's path, or says why there is none (exit code 3)
    browser.py look URL DATABASE             loads the page with many strategies, sorts, filters, waits for a change
    browser.py live URL DATABASE NAME        how fast the page of a running engine loads and follows
    browser.py steer URL DATABASE NAME       does everything that can be done with a running strategy
    browser.py down URL DATABASE NAME        looks at an engine without a manager
    browser.py shoot URL FOLDER NAME         takes pictures of the pages in both themes and at a phone's width

Every step that fails is printed; the exit code is 1 then.
"""

import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def find():
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    try:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], timeout=300,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    except (subprocess.SubprocessError, OSError):
        return None
    return shutil.which("chromium")


class Browser:
    """One browser with one page."""

    def __init__(self, path, width=1440, height=900, dark=False):
        self.profile = tempfile.mkdtemp(prefix="tw-browser-")
        there, mine = os.pipe()
        back, theirs = os.pipe()
        arguments = [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
                     "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking",
                     f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank"]

        def inherit():
            # What the browser expects at 3 and 4, whatever numbers they have here.
            first, second = os.dup(there), os.dup(theirs)
            high = [os.dup2(first, 60), os.dup2(second, 61)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.setsid()

        self.process = subprocess.Popen(arguments, preexec_fn=inherit, close_fds=False, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(theirs)
        self.output, self.input = mine, back
        self.buffer = b""
        self.count = 0
        self.faults = []
        target = self.call("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        self.session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(domain + ".enable")
        self.size(width, height)
        self.call("Emulation.setEmulatedMedia",
                  {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def call(self, method, parameters=None, session=""):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters or {}}
        if session == "":
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        number = self.count
        while True:
            answer = self.read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def read(self):
        end = time.monotonic() + 60
        while b"\0" not in self.buffer:
            if time.monotonic() > end:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.input, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.faults.append("exception: " + json.dumps(parameters["exceptionDetails"])[:400])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.faults.append("console: " + json.dumps(parameters["args"])[:400])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.faults.append("log: " + parameters["entry"]["text"][:400])
        return message

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride",
                  {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def run(self, expression):
        result = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['exception'].get('description')}")
        return result["result"].get("value")

    def wait(self, expression, seconds=20):
        """Waits until an expression is true; how long that took."""
        start = time.monotonic()
        while True:
            if self.run(f"Boolean({expression})"):
                return time.monotonic() - start
            if time.monotonic() - start > seconds:
                text = self.run("document.body.innerText")[:1500]
                raise TimeoutError(f"never true: {expression}\n{text}")
            time.sleep(0.02)

    def open(self, url):
        self.call("Page.navigate", {"url": url})

    def key(self, key, text=None):
        for kind in ["keyDown", "keyUp"]:
            event = {"type": kind, "key": key}
            if text and kind == "keyDown":
                event["text"] = text
            self.call("Input.dispatchKeyEvent", event)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)


def rows(database, sql, *values):
    connection = sqlite3.connect(database, timeout=10)
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def load(browser, url, count):
    start = time.monotonic()
    browser.open(url.split("#")[0] + "?again")
    browser.wait(f"document.querySelectorAll('tbody tr').length === {count}")
    print(f"load with {count} strategies: {time.monotonic() - start:.2f} s")


def live(browser, url, database, name):
    """Loads the page of a running engine, and measures from the commit of a command to its effect on the page."""
    browser.open(url)
    browser.wait("document.querySelectorAll('tbody tr').length > 0")
    load(browser, url, rows(database, "SELECT count(*) FROM strategy_configs")[0][0])
    status = (f"[...document.querySelectorAll('tbody tr')].some(row => row.querySelector('a').innerText === {json.dumps(name)}"
              " && row.innerText.includes('%s'))")
    for command, word in [("pause", "paused"), ("resume", "running")]:
        rows(database, "INSERT INTO strategy_commands(strategy_id, command) VALUES (?, ?)", name, command)
        print(f"{command} seen after {browser.wait(status % word):.2f} s")


def look(browser, url, database):
    # Once to have the server warm, as it is when a second person looks.
    browser.open(url)
    browser.wait("document.querySelectorAll('tbody tr').length > 0")
    count = rows(database, "SELECT count(*) FROM strategy_configs")[0][0]
    load(browser, url, count)
    name = rows(database, "SELECT name FROM strategy_configs ORDER BY name DESC LIMIT 1")[0][0]
    start = time.monotonic()
    rows(database, "UPDATE strategy_configs SET status = 'error' WHERE name = ?", name)
    rows(database, "INSERT INTO strategy_events(strategy_id, from_status, to_status, reason) "
         "SELECT id, 'active', 'error', 'seen <b>in</b> the browser' FROM strategy_configs WHERE name = ?", name)
    browser.wait(f"[...document.querySelectorAll('tbody tr')].some(row => row.innerText.includes({json.dumps(name)})"
                 " && row.innerText.includes('error'))")
    print(f"change seen after {time.monotonic() - start:.2f} s")
    check(not browser.run("document.querySelector('tbody b')"), "a reason became an element")
    browser.run("document.querySelector('input[type=search]').focus()")
    browser.call("Input.insertText", {"text": name})
    browser.wait("document.querySelectorAll('tbody tr').length === 1")
    browser.run("const field = document.querySelector('input[type=search]'); field.value = '';"
                " field.dispatchEvent(new Event('input'))")
    browser.wait(f"document.querySelectorAll('tbody tr').length === {count}")
    browser.run("[...document.querySelectorAll('th button')].find(button => button.innerText.startsWith('PnL')).click()")
    browser.wait("document.querySelector('th[aria-sort=descending]').innerText.startsWith('PnL')")
    # By keyboard alone: a row, the next one, its page.
    browser.run("document.querySelector('tbody tr').focus()")
    browser.key("ArrowDown")
    browser.wait("document.activeElement === document.querySelector('tbody').children[1]")
    browser.key("Enter", "\r")
    browser.wait("location.hash.startsWith('#/strategy/') && document.querySelector('.figures')")
    for section in ["orders", "fills", "positions", "feeds", "commands", "events", "alerts", "backtests", "instruments"]:
        browser.run(f"location.hash = '#/{section}'")
        browser.wait("document.querySelector('main h1') && document.querySelector('main .scroll')")
    theme = "document.documentElement.dataset.theme"
    colour = "getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor"
    seen = set()
    for _ in range(3):
        browser.run("document.getElementById('theme').click()")
        seen.add((browser.run(theme), browser.run(colour)))
    check(len({pair[1] for pair in seen}) == 2, f"light and dark differ: {seen}")
    browser.size(390, 844)
    for section in ["", "strategy/" + name, "orders", "feeds", "alerts", "backtests"]:
        browser.run(f"location.hash = '#/{section}'")
        browser.wait("document.querySelector('main').children.length > 0")
        time.sleep(0.5)
        wide = browser.run("document.documentElement.scrollWidth - innerWidth")
        check(wide <= 0, f"{section} is {wide} pixels wider than a phone")


def steer(browser, url, database, name):
    browser.open(url)
    browser.wait(f"[...document.querySelectorAll('tbody a')].some(link => link.innerText === {json.dumps(name)})")
    browser.run(f"location.hash = '#/strategy/{name}'")

    def press(word, status):
        before = rows(database, "SELECT coalesce(max(seq), 0) FROM strategy_commands")[0][0]
        button = f"[...document.querySelectorAll('main button')].find(button => button.innerText === {json.dumps(word)})"
        browser.wait(f"{button} && !{button}.disabled")
        browser.run(f"{button}.click()")
        browser.wait("document.querySelector('dialog[open] button[value=yes]')")
        browser.run("document.querySelector('dialog[open] button[value=yes]').click()")
        end = time.monotonic() + 20
        row = None
        while time.monotonic() < end:
            found = rows(database, "SELECT command, status, error FROM strategy_commands WHERE seq > ?", before)
            if found and found[0][1] in ("executed", "failed", "superseded"):
                row = found[0]
                break
            time.sleep(0.02)
        check(row is not None and row[1] == "executed", f"{word}: {row}")
        browser.wait("[...document.querySelectorAll('.toast')].some(toast => toast.innerText.includes('executed'))")
        if status:
            browser.wait(f"document.querySelector('.head .state').innerText.includes({json.dumps(status)})")
        browser.run("document.querySelectorAll('.toast button').forEach(button => button.click())")

    press("Pause", "paused")
    press("Resume", "running")
    press("Flatten", None)
    press("Restart", "running")
    press("Stop", "stopped")
    press("Start", "running")
    browser.wait("document.querySelector('form.grid input:not(:disabled)')")
    browser.run("const field = document.querySelector('form.grid input:not(:disabled)'); field.value = '2';"
                " field.dispatchEvent(new Event('input', { bubbles: true }))")
    press("Update", "running")
    stored = rows(database, "SELECT config_json FROM strategy_configs WHERE name = ?", name)[0][0]
    check("2" in json.dumps(json.loads(stored)["parameters"]), stored)
    # Saying no does nothing.
    count = rows(database, "SELECT count(*) FROM strategy_commands")[0][0]
    browser.run("[...document.querySelectorAll('main button')].find(button => button.innerText === 'Stop').click()")
    browser.wait("document.querySelector('dialog[open]')")
    browser.run("document.querySelector('dialog[open] button[value=no]').click()")
    browser.run("location.hash = '#/'")
    browser.wait("[...document.querySelectorAll('main button')].some(button => button.innerText === 'Pause all')")
    check(rows(database, "SELECT count(*) FROM strategy_commands")[0][0] == count, "no means no")
    press("Pause all", None)
    trading = "document.querySelector('tbody tr').innerText.includes('halted')"
    press("Halt all", None)
    browser.wait(f"{trading} && document.getElementById('notice').innerText.includes('Trading is halted')")
    press("Resume trading", None)
    browser.wait(f"!({trading}) && document.getElementById('notice').hidden")
    press("Flatten all", None)
    # The chart shows the market, with at least some of the fills.
    browser.run(f"location.hash = '#/strategy/{name}'")
    browser.wait("document.querySelectorAll('.chart polyline').length >= 2")
    alerts(browser, database, name)


def alerts(browser, database, name):
    """An incident is seen on both pages and in the list, as text and nothing else, and goes when it has cleared."""
    # Without its rule the alerter would clear it at its next look, maybe before the page has shown it.
    rows(database, "INSERT INTO alert_rules(id, name, kind, clear_seconds) VALUES ('r', 'in_the_browser', 'error', 3600)")
    rows(database, "INSERT INTO alert_incidents(rule_id, rule, kind, subject_id, subject, strategy_id, opened_at, fired_at, message)"
         " SELECT 'r', 'in_the_browser', 'error', id, name, id, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z',"
         " '<script>alert(1)</script><img src=x>' FROM strategy_configs WHERE name = ?", name)
    for section in ["strategy/" + name, ""]:
        browser.run(f"location.hash = '#/{section}'")
        browser.wait("document.querySelector('ul.alerts') && document.querySelector('ul.alerts').innerText.includes('<script>alert(1)</script>')")
    check(not browser.run("document.querySelector('main script, main img')"), "a message became an element")
    browser.run("location.hash = '#/alerts'")
    browser.wait("[...document.querySelectorAll('tbody tr')].some(row => row.innerText.includes('in_the_browser') && row.innerText.includes('open'))")
    browser.wait("document.querySelector('main').innerText.includes('strategy_error')")
    rows(database, "UPDATE alert_incidents SET cleared_at = '2026-01-01T00:01:00.000Z', cleared_reason = 'in time' WHERE rule = 'in_the_browser'")
    browser.wait("[...document.querySelectorAll('tbody tr')].some(row => row.innerText.includes('in_the_browser') && row.innerText.includes('cleared'))")


def down(browser, url, database, name):
    """Without a manager the page says so, shows what is known, and takes commands that wait."""
    browser.open(url)
    browser.wait("document.getElementById('notice') && document.getElementById('notice').innerText.includes('No manager runs')")
    browser.wait(f"[...document.querySelectorAll('tbody a')].some(link => link.innerText === {json.dumps(name)})")
    for section in ["orders", "fills", "commands", "events", "alerts", "feeds"]:
        browser.run(f"location.hash = '#/{section}'")
        browser.wait("document.querySelector('main .scroll, main .panel')")
    browser.run(f"location.hash = '#/strategy/{name}'")
    browser.wait("document.querySelectorAll('.figures dd').length > 10 && document.querySelectorAll('.chart polyline').length > 0")
    browser.run("[...document.querySelectorAll('main button')].find(button => button.innerText === 'Restart').click()")
    browser.wait("document.querySelector('dialog[open] button[value=yes]')")
    browser.run("document.querySelector('dialog[open] button[value=yes]').click()")
    browser.wait("[...document.querySelectorAll('.toast')].some(toast => toast.innerText.includes('waits for a manager'))")


def shoot(browser, url, folder, name):
    browser.open(url)
    browser.wait("document.querySelectorAll('tbody tr').length > 0")
    os.makedirs(folder, exist_ok=True)
    for theme in ["light", "dark"]:
        browser.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        for width, height in [(1440, 900), (390, 844)]:
            browser.size(width, height)
            for section in ["", "strategy/" + name, "orders", "feeds", "commands", "alerts", "backtests"]:
                browser.run(f"location.hash = '#/{section}'")
                time.sleep(1)
                browser.picture(os.path.join(folder, f"{section.split('/')[0] or 'strategies'}-{theme}-{width}.png"))


def main():
    job, *rest = sys.argv[1:]
    path = find()
    if job == "find" or path is None:
        print(path or "no Chromium: install the package chromium; it is installed here only by root with apt-get")
        return 0 if path else 3
    browser = Browser(path)
    try:
        {"look": look, "live": live, "steer": steer, "down": down, "shoot": shoot}[job](browser, *rest)
        check(not browser.faults, "the browser's console: " + "; ".join(browser.faults))
        print("ok")
        return 0
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        return 1
    finally:
        browser.close()


if __name__ == "__main__":
    sys.exit(main())

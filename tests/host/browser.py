# SPDX-License-Identifier: GPL-2.0
"""A headless Chromium, driven through chromedriver (W3C WebDriver).

With PICTURES=DIR in the environment, screenshots are left there to be looked at.
"""
import base64
import json
import os
import subprocess
import urllib.error
import urllib.request

import tap

# How WebDriver names what it sends as keys, and elements.
KEYS = {"Left": "\ue012", "Up": "\ue013", "Right": "\ue014",
        "Down": "\ue015", "Home": "\ue011", "End": "\ue010",
        "PageUp": "\ue00e", "PageDown": "\ue00f", "Tab": "\ue004",
        "Escape": "\ue00c", "Enter": "\ue007", "Space": " "}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# A new profile, and nothing that would look for a network. In a container, /dev/shm may
# have 64 MiB, which is too little for a page.
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-dev-shm-usage",
             "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync",
             "--window-size=1400,1100"]

# In ms, as for a page to load: it only ends what hangs.
PATIENCE = 300000


def run_in_browser(profile):
    """All tests, each of which is given the same browser."""
    browser = Browser(profile)
    try:
        tap.run_tests(browser)
    finally:
        browser.end()


class Browser:
    """Made with a new directory for the profile; ends with end()."""

    def __init__(self, profile):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"],
                                       stdout=subprocess.PIPE, text=True)
        try:
            self.begin(profile)
        except Exception:
            # Whoever waits for the end of our output would wait for its, too.
            self.driver.kill()
            self.driver.wait()
            raise

    def begin(self, profile):
        """Have the driver start a browser."""
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = int(line.split("port")[1].strip(" .\n"))
                break
        else:
            raise RuntimeError("chromedriver does not start")
        self.base = f"http://127.0.0.1:{port}/session"
        # Of a busy machine; what is usual is 60 and 30 s.
        options = {"args": ARGUMENTS + ["--user-data-dir=" + profile],
                   "browserStartupTimeout": PATIENCE}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "timeouts": {"script": PATIENCE},
                  "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.call("POST", "", {"capabilities":
                                         {"alwaysMatch": wanted}})
        self.base += "/" + session["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, method=method, data=data,
            headers={"Content-Type": "application/json"})
        # Not through a proxy: it is on this machine.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:400]) from None

    def open(self, path):
        """Load a file; what an earlier page has logged is forgotten."""
        self.log()
        self.call("POST", "/url", {"url": "file://" + path})

    def load(self, path):
        """Open a page, in which nothing must go wrong."""
        self.open(path)
        self.quiet()

    def quiet(self):
        log = self.log()
        assert not log, log

    def log(self):
        entries = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries]

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(arguments)})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])"
                        ".innerText", selector)

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0])"
                        ".length", selector)

    def frames_drawn(self):
        """Wait until what was asked for has been drawn."""
        self.run("return new Promise(done => requestAnimationFrame(() =>"
                 " requestAnimationFrame(done)))")

    def focus(self, selector):
        self.run("document.querySelector(arguments[0]).focus()", selector)

    def press(self, *names):
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key},
                        {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keys", "actions": actions}]})
        self.frames_drawn()

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector",
                                              "value": selector})[ELEMENT]

    def point(self, selector, x=0, y=0):
        """Move the mouse to the middle of an element, or beside it."""
        origin = {ELEMENT: self.find(selector)}
        self.run("document.querySelector(arguments[0])"
                 ".scrollIntoView({block: 'center'})", selector)
        self.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [
                {"type": "pointerMove", "origin": origin,
                 "x": x, "y": y, "duration": 0}]}]})
        self.frames_drawn()

    def click(self):
        """Where the mouse is."""
        self.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [
                {"type": "pointerDown", "button": 0},
                {"type": "pointerUp", "button": 0}]}]})
        self.frames_drawn()

    def drag(self, selector, x):
        """From the middle of an element to beside it."""
        origin = {ELEMENT: self.find(selector)}
        self.run("document.querySelector(arguments[0])"
                 ".scrollIntoView({block: 'center'})", selector)
        move = {"type": "pointerMove", "origin": origin, "y": 0,
                "duration": 0}
        self.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [
                {**move, "x": 0}, {"type": "pointerDown", "button": 0},
                {**move, "x": x}, {"type": "pointerUp", "button": 0}]}]})
        self.frames_drawn()

    def canvases(self):
        """The pixels of all of them, as text."""
        self.frames_drawn()
        return self.run("return Array.from(document.querySelectorAll("
                        "'.strip canvas'), (c) => c.toDataURL())")

    def devtools(self, command, **params):
        """A command of the DevTools protocol."""
        return self.call("POST", "/goog/cdp/execute",
                         {"cmd": command, "params": params})

    def media(self, **features):
        """What a user may have set: prefers_contrast="more"; nothing else is."""
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()])
        self.frames_drawn()

    def scheme(self, name):
        """Light or dark; nothing moves, so that pictures are the same."""
        self.media(prefers_color_scheme=name, prefers_reduced_motion="reduce")

    def accessible(self):
        """What a screen reader is told: {id: node} of all that it is."""
        self.devtools("Accessibility.enable")
        nodes = self.devtools("Accessibility.getFullAXTree")["nodes"]
        return {node["nodeId"]: node for node in nodes if not node["ignored"]}

    def pixels(self, points):
        """Colours (r, g, b) of the screen at these points, as it is shown."""
        shot = self.devtools("Page.captureScreenshot")["data"]
        return self.run(
            "return (async () => {"
            "  const bytes = Uint8Array.from(atob(arguments[0]),"
            "    (c) => c.charCodeAt(0));"
            "  const image = await createImageBitmap(new Blob([bytes]));"
            "  const canvas = new OffscreenCanvas(image.width, image.height);"
            "  const ctx = canvas.getContext('2d');"
            "  ctx.drawImage(image, 0, 0);"
            "  return arguments[1].map(([x, y]) => Array.from("
            "    ctx.getImageData(Math.round(x), Math.round(y), 1, 1).data)"
            "    .slice(0, 3)); })()", shot, points)

    def resize(self, width, height):
        """The window, as far as the page can tell."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width,
                      height=height, deviceScaleFactor=1, mobile=False)
        self.frames_drawn()

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def picture(self, name):
        """What is seen, for people, if they have asked for it."""
        if os.environ.get("PICTURES"):
            self.screenshot(f"{os.environ['PICTURES']}/{name}.png")

    def whole_picture(self, name):
        """The same of all of the page, down to its end."""
        if not os.environ.get("PICTURES"):
            return
        # It has no scroll bar then, and is wider than while it has one.
        size = self.run("return {x: 0, y: 0, scale: 1, width: innerWidth,"
                        " height: document.documentElement.scrollHeight}")
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True,
                             clip=size)
        with open(f"{os.environ['PICTURES']}/{name}.png", "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def print(self, path):
        """As PDF; returns its text."""
        # What /print does, which gives up after 10 s, whatever one asks for.
        printed = self.devtools("Page.printToPDF")
        with open(path, "wb") as file:
            file.write(base64.b64decode(printed["data"]))
        return subprocess.run(["pdftotext", "-layout", path, "-"],
                              capture_output=True, text=True,
                              check=True).stdout

    def end(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()

"""The report in a real browser: no error, no request, no sideways scrolling."""

import json
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256

import pytest

from recbole_opal.report.write import write_report

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

# Tells the page around it, which --dump-dom prints: errors, requests, what is too wide, and
# whether chips and tables answer to clicks.
PROBE = """
<script>
window.found = {errors: []};
addEventListener("error", (event) => found.errors.push(String(event.message)));
addEventListener("securitypolicyviolation", (event) => found.errors.push(event.blockedURI));
</script>
"""
CHECK = """
<script>
addEventListener("load", () => {
  const shown = (element) => element.getClientRects().length > 0;
  const page = document.documentElement;
  found.overflow = page.scrollWidth - page.clientWidth;
  found.width = page.clientWidth;
  found.requests = performance.getEntriesByType("resource").map((entry) => entry.name);
  found.pictures = [...document.querySelectorAll("svg")].filter(shown).length;
  const crossings = [];
  for (const picture of [...document.querySelectorAll("svg")].filter(shown)) {
    const labels = [...picture.querySelectorAll("text.label, text.tick, text.name")].filter(shown);
    const boxes = labels.map((label) => [label.textContent, label.getBoundingClientRect()]);
    boxes.forEach(([one, a], i) => boxes.slice(0, i).forEach(([other, b]) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 5) crossings.push(`${one} / ${other}`);
    }));
  }
  found.crossings = crossings;
  // Lines of data, bars and leaders that pass through a name.
  const struck = [];
  for (const picture of [...document.querySelectorAll("svg")].filter(shown)) {
    const labels = [...picture.querySelectorAll("text.label")];
    const names = labels.map((label) => [label.textContent, label.getBBox()]);
    for (const line of picture.querySelectorAll(".series.on .line, g > .line, .error")) {
      if (line.closest(".series:not(.on)") || line.matches(".thin")) continue;
      const length = line.getTotalLength();
      for (let at = 0; at <= length; at += 2) {
        const {x, y} = line.getPointAtLength(at);
        for (const [label, box] of names) {
          const inside = x > box.x + 2 && x < box.x + box.width - 2
            && y > box.y + 4 && y < box.y + box.height - 4;
          if (inside) struck.push(`${label} in ${picture.querySelector("title").textContent}`);
        }
      }
    }
  }
  found.struck = [...new Set(struck)];
  // Whatever is wider than its place scrolls in it, shaded at its edge; the rest fits.
  found.cut = [...document.querySelectorAll("table")].filter(shown).filter((table) => {
    const place = table.parentElement, style = getComputedStyle(place);
    return table.scrollWidth > place.clientWidth + 1
      && !(style.overflowX === "auto" && style.backgroundImage.includes("gradient"));
  }).map((table) => table.parentElement.getAttribute("aria-label"));
  const results = document.querySelector(".sortable"), place = results.parentElement;
  found.table = {shown: place.clientWidth, page: document.querySelector("main").clientWidth,
                 difference: results.tHead.rows[0].cells[2].getBoundingClientRect().right};
  // Cards fill the row: each row of them ends where the section ends.
  const rows = {};
  for (const card of [...document.querySelectorAll(".cards > .card")].filter(shown)) {
    const box = card.getBoundingClientRect();
    rows[`${card.parentElement.className} ${Math.round(box.top)}`] = Math.round(box.right);
  }
  found.ends = [...new Set(Object.values(rows))];
  const chip = document.querySelector(".chip:not(.on)");
  chip.click();
  const series = `figure .series[data-series="${chip.dataset.series}"]`;
  found.lit = document.querySelector(series).classList.contains("on");
  const table = document.querySelector(".sortable");
  table.tHead.rows[0].cells[0].click();
  found.names = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  document.querySelector(".mark").dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
  found.tip = document.getElementById("tip").textContent;
  parent.postMessage(JSON.stringify(found), "*");
});
</script>
"""
# A frame, because a window of headless Chromium is never narrower than 500 pixels.
AROUND = """<!doctype html>
<pre id="probe"></pre>
<iframe src="report.html" width="{width}" height="900" frameborder="0"></iframe>
<script>
addEventListener("message", (event) => {{
  document.getElementById("probe").textContent = event.data;
}});
</script>
"""


@pytest.fixture(scope="module")
def report(comparison_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(comparison_folder.parents[1])
        return write_report(comparison_folder).read_text(encoding="utf-8")


def browse(report, width, tmp_path):
    """Open the report in a frame of a width; return what the probe saw."""
    # The probe stands before the page's policy, which must allow the check by its digest.
    (code,) = re.findall(r"<script>(.*?)</script>", CHECK, flags=re.DOTALL)
    digest = b64encode(sha256(code.encode()).digest()).decode()
    probed = report.replace("<head>", f"<head>{PROBE}", 1)
    probed = probed.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    inside = probed.replace("</body>", f"{CHECK}</body>")
    (tmp_path / "report.html").write_text(inside, encoding="utf-8")
    page = tmp_path / "around.html"
    page.write_text(AROUND.format(width=width), encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000",
         "--hide-scrollbars", "--window-size=1400,1000", "--dump-dom",
         f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()],
        check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    (text,) = re.findall(r'<pre id="probe">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    return json.loads(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.mark.parametrize("width", [1280, 768, 390, 360])
def test_the_page_in_a_browser(report, width, tmp_path):
    found = browse(report, width, tmp_path)
    assert found["errors"] == []
    assert found["requests"] == []
    assert found["width"] == width
    assert found["overflow"] == 0
    assert found["pictures"] > 5
    assert found["crossings"] == []
    assert found["struck"] == []
    assert found["cut"] == []
    assert found["table"]["shown"] == found["table"]["page"]
    assert found["table"]["difference"] <= width
    assert len(found["ends"]) == 1
    assert found["lit"]
    assert found["names"] == sorted(found["names"], key=str.lower)
    assert found["tip"]

// The report in Chromium as somebody uses it, with Playwright: clicks where things are seen, keys,
// a phone's screen, paper. browser_test.py looks at the rest. playwright_test.cjs FOLDER, in which
// report_demo has written its pages; without it, only whether there is a Playwright. Exit code 77
// (skipped): no playwright-core (npm install --global playwright-core); the browser is Debian's.
"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

let chromium;
try {
  ({ chromium } = require("playwright-core"));
} catch {
  console.log("there is no playwright-core");
  process.exit(77);
}

if (!process.argv[2]) process.exit(0);

const address = (folder, name) => "file://" + path.resolve(folder, name + ".html");

const tests = {
  async "a link of the evidence leads to the client, its message and its packets"(page) {
    await page.locator(".evidence li a").first().click();
    await page.waitForURL(/#client-\d+-message-\d+$/);
    await assert.doesNotReject(page.locator("#journey-shown .messages tr.packets:visible").first().waitFor());
    const at = page.url();
    await page.goto("about:blank");
    await page.goto(at);
    await assert.doesNotReject(page.locator("#journey-shown tr.asked").waitFor());
  },

  async "messages are filtered by what is chosen and typed"(page) {
    const rows = page.locator(".messages tbody tr[id]:not(.packets):visible");
    await rows.first().waitFor();
    const all = await rows.count();
    await page.getByLabel("received", { exact: true }).check();
    const received = await rows.count();
    assert.ok(received < all);
    await page.getByLabel("all", { exact: true }).check();
    await page.getByPlaceholder("topic, outcome, packet").fill("no such topic");
    assert.equal(await rows.count(), 0);
  },

  async "one zoom moves all charts over time"(page) {
    const times = (name) => page.locator(`[data-chart="${name}"] text`).allTextContents().then((all) => all.filter((text) => /^\d+:\d\d/.test(text)));
    const before = await times("latency");
    await page.locator('[data-chart="fleet"]').focus();
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await page.waitForTimeout(200);
    const after = await times("latency");
    assert.notDeepEqual(after, before);
    assert.deepEqual((await times("fleet")).slice(0, after.length), after);
  },

  async "the table behind a chart opens"(page) {
    const table = page.getByRole("region", { name: "Latency over time, as a table" });
    assert.equal(await table.isVisible(), false);
    await page.locator('details:has(> [aria-label="Latency over time, as a table"]) > summary').click();
    assert.ok(await table.getByRole("row").count() > 10);
  },

  async "the theme follows the system until somebody chooses"(page) {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.getByRole("button", { name: /^Theme/ }).click();
    assert.equal(await ground(), light);
  },

  async "nothing sticks out on a phone, and it prints"(page) {
    await page.setViewportSize({ width: 390, height: 844 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    assert.ok((await page.pdf()).length > 20_000);
  },
};

(async () => {
  const folder = process.argv[2];
  assert.ok(fs.existsSync(path.join(folder, "broken.html")), "report_demo has written its pages");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    const page = await browser.newPage({ colorScheme: "light" });
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
    page.on("request", (request) => { if (!/^(file|data|about):/.test(request.url())) complaints.push(request.url()); });
    try {
      await page.goto(address(folder, "broken"));
      await test(page);
      assert.deepEqual(complaints, []);
      console.log("ok      " + name);
    } catch (error) {
      ++failed;
      console.log("FAILED  " + name + "\n" + error.stack);
    }
    await page.close();
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
})();

// Opens pages in Chromium at phone and desktop width, in light and dark, and
// has axe-core judge them. Ends with 1 if it finds a serious or critical
// fault. Needs axe-core and playwright-core below NODE_PATH's folder.
//
//	node .ci/axe.mjs MODULES URL...
import { createRequire } from "node:module";

const [modules, ...urls] = process.argv.slice(2);
const require = createRequire(modules + "/");
const { chromium } = require("playwright-core");
const { source } = require("axe-core");

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync"],
});
let faults = 0, judged = 0;
const judge = async (page, url, about, options) => {
	const { violations, passes } = await page.evaluate((o) => axe.run(o), options);
	if (passes.length === 0) {
		console.log(`${url} ${about}: axe found nothing to judge`);
		faults++;
	}
	judged++;
	for (const v of violations) {
		const bad = v.impact === "serious" || v.impact === "critical";
		faults += bad ? 1 : 0;
		console.log(`${bad ? "FAULT" : "note"}: ${url} ${about}: ${v.impact}: ${v.id}: ${v.help}`);
		for (const n of v.nodes.slice(0, 3)) console.log(`    ${n.html.slice(0, 200)}\n    ${n.failureSummary.replaceAll("\n", "\n    ")}`);
	}
};
for (const width of [390, 1280]) {
	const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: "light", bypassCSP: true });
	const page = await context.newPage();
	for (const url of urls) {
		await page.goto(url);
		await page.evaluate(source);
		await judge(page, url, `${width}px light`, {});
		await page.emulateMedia({ colorScheme: "dark" }); // only colors differ
		await page.goto(url); // or they would be on their way from light to dark
		await page.evaluate(source);
		await judge(page, url, `${width}px dark`, { runOnly: ["color-contrast"] });
		await page.emulateMedia({ colorScheme: "light" });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		if (wide > 0) {
			console.log(`FAULT: ${url} ${width}px: it is ${wide}px wider than the screen`);
			faults++;
		}
	}
	await context.close();
}
await browser.close();
console.log(`axe-core judged ${judged} pages: ${faults} serious faults`);
process.exit(faults ? 1 : 0);

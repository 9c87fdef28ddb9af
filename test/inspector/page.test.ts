// The page in a real browser: its values are those of stats(), it fits on a wide and on a narrow screen, light and dark, and the browser has no complaint.
// Skipped on machines without Chromium. COREBUF_SCREENSHOTS names a folder for pictures, which a person looks at.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { ShardGroup, ShardStats } from 'corebuf';
import { inspect } from 'corebuf/inspector';
import type { Inspector } from 'corebuf/inspector';
import type { Watched } from '../workers/watched';
import { hasChromium, launchChromium } from '../support/browser';
import { scratchPath } from '../support/scratch';
import { startGroup, workerModule } from '../support/shards';
import { until } from '../support/turns';
import { sampleOf } from '../support/watching';

const describeInBrowser = hasChromium ? describe : describe.skip;
const screenshots = process.env.COREBUF_SCREENSHOTS;
const SCREENS = [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']] as const;

describeInBrowser('the page of the inspector', () => {
  let browser: Browser;
  let group: ShardGroup<Watched>;
  let inspector: Inspector;
  let all: ShardStats[];
  let path: string;
  let folder: string;
  const pages = new Map<string, Page>();
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = dirname(scratchPath());
    group = await startGroup<Watched>(workerModule('watched'), { workerData: folder, stallThreshold: 200_000 });
    [browser, inspector] = await Promise.all([launchChromium(), inspect()]);
    await group.shard(0).callNeighbour(1, 50);
    path = await group.shard(0).append(10_000, 2345);
    await group.shard(1).read('compaction', 7);
    await group.all.bytes();
    // Long enough for the watch to take the stack on a machine that is busy.
    await group.shard(1).stall(900);
    all = await group.stats();
    await until(hasPublished, () => 'the shards did not publish their counters');
    await Promise.all(SCREENS.map(async ([width, scheme]) => pages.set(`${width} ${scheme}`, await open(width, scheme))));
  });

  async function hasPublished(): Promise<boolean> {
    const { shards } = await sampleOf(inspector.url);
    return all.every(({ id, turns }) => shards.some((shard) => shard.id === id && shard.turns > turns));
  }

  afterAll(async () => {
    await browser.close();
    await inspector.close();
    await group.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(inspector.url);
    // The second sample has rates.
    await page.locator('#shards tbody tr td:nth-child(7):has-text("/s")').first().waitFor();
    await page.locator('#shards td:has-text("–/s")').first().waitFor({ state: 'detached' });
    return page;
  }

  /** Text of a cell, by the key of its row and the title of its column. */
  async function cell(page: Page, part: string, row: string, column: string): Promise<string> {
    return (await page.locator(`${part} tr[data-key="${row}"] td[data-title="${column}"]`).first().textContent({ timeout: 5000 }))!;
  }

  test.each(SCREENS)('fits on a screen of %d pixels, %s, with labels for every picture', async (width, scheme) => {
    const page = pages.get(`${width} ${scheme}`)!;
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(await page.evaluate(`[...document.querySelectorAll('th, td, p, h2, h3, summary, pre, button')]
      .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.outerHTML)`)).toEqual([]);
    expect(await page.locator('svg.chart').count()).toBeGreaterThan(10);
    expect(await page.locator('svg.chart:not([aria-label]), svg.chart:not([role="img"])').count()).toBe(0);
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `inspector-${width}-${scheme}.png`), fullPage: true });
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('has text that stands out from what is behind it, %s', async (scheme) => {
    const page = pages.get(`1280 ${scheme}`)!;
    const colours: Record<string, string> = await page.evaluate(`Object.fromEntries(['page', 'surface', 'faint', 'text', 'muted'].map((name) =>
      [name, getComputedStyle(document.documentElement).getPropertyValue('--' + name)]))`);
    for (const behind of ['page', 'surface', 'faint']) {
      for (const text of ['text', 'muted']) expect([behind, text, contrast(colours[behind]!, colours[text]!) >= 4.5]).toEqual([behind, text, true]);
    }
  });

  test('shows what stats() show', async () => {
    const page = pages.get('1280 light')!;
    const [first, second] = all as [ShardStats, ShardStats];
    const exact = (value: number): string => value.toLocaleString('en');
    expect(await cell(page, '#shards', 'shard 1', 'Stalls')).toBe(exact(second.stalls));
    expect(await cell(page, '#shards', 'shard 0', 'Budget')).toBe(`${(first.memory.budget / 2 ** 20).toFixed(1)}MiB`);
    expect(await cell(page, '#latencies', 'shard 0', 'Count')).toBe(exact(first.latencies.calls.count));
    expect(await cell(page, '#io', 'shard 1 compaction', 'Class')).toBe('compaction');
    expect(await cell(page, '#io table[aria-label="Operations of files"]', 'shard 1', 'Reads')).toBe(exact(second.io.reads));
    expect(await cell(page, '#io table[aria-label="Operations of files"]', 'shard 0', 'Syncs')).toBe(exact(first.io.syncs));
    expect(await cell(page, '#ledger', 'shard 0', 'toBuffer')).toBe(`${first.ledger.copied['toBuffer']}B`);
    expect(await cell(page, '#ledger', 'shard 1', 'shared')).toBe(`${second.ledger.shared === 1010 ? '1,010' : second.ledger.shared}B`);
    expect(await page.locator('#appenders tbody th').textContent()).toBe(path);
    expect(await page.locator('#appenders td[data-title="Durable"]').textContent()).toBe('9.77KiB');
    expect(await page.locator('#appenders td[data-title="Not durable"]').textContent()).toBe('2.29KiB');
    const lane = first.lanes.find(({ to }) => to === second.id)!.sent;
    expect(await page.locator('.matrix td[title*="from shard 0 to shard 1"]').getAttribute('title')).toMatch(`${lane} messages in all`);
    for (const { size, used } of first.memory.classes.filter((one) => one.size >= 16_384 && one.used > 0)) {
      expect(await cell(page, '#memory article[data-key="shard 0"]', String(size), 'Used')).toBe(exact(used));
    }
  });

  test('shows a stall with its stack', async () => {
    const page = pages.get('1280 light')!;
    const latest = page.locator('.stalls li', { hasText: 'in stall()' }).first();
    expect(await latest.locator('summary').textContent()).toMatch(/shard 1[\d.]+ m?s/);
    expect(await latest.locator('pre').textContent()).toContain('blockFor');
  });

  test('leaves open what was opened, when the next samples come', async () => {
    const page = pages.get('1280 dark')!;
    const latest = page.locator('.stalls li', { hasText: 'in stall()' }).first();
    await latest.locator('summary').click();
    const age = await page.locator('#process').textContent();
    await page.locator('#process', { hasNotText: age! }).waitFor();
    expect(await latest.locator('details').getAttribute('open')).toBe('');
    expect(await latest.locator('pre').isVisible()).toBe(true);
  });

  test('stops when it is paused or hidden, and goes on', async () => {
    const page = pages.get('390 dark')!;
    const state = (text: string): Promise<void> => page.locator(`#state:has-text("${text}")`).waitFor();
    await page.locator('#pause').click();
    await state('paused');
    await page.locator('#pause').click();
    await state('live');
    const becomes = (visibility: string): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${visibility}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await becomes('hidden');
    await state('paused');
    await becomes('visible');
    await state('live');
  });

  test('keeps the row of a shard that has ended', async () => {
    const page = pages.get('1280 light')!;
    await group.shard(1).exit().catch(() => undefined);
    await page.locator('#shards tr.gone:has-text("shard 1")').waitFor();
    expect(await page.locator('#shards tr.gone').textContent()).toContain('ended');
    expect(complaints).toEqual([]);
  });
});

/** As WCAG 2 defines it; colours are #rrggbb. */
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => parseInt(colour.trim().slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

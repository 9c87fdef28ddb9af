// Chromium, where the machine has it (Debian's `chromium`).
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const executable = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'chromium')).find(existsSync);

export const hasChromium = executable !== undefined;

export function launchChromium(): Promise<Browser> {
  // Its sandbox needs a user that is not root, and the page is our own.
  return chromium.launch({ executablePath: executable!, args: ['--no-sandbox', '--disable-gpu'] });
}

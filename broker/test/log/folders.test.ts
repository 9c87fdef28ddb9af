// Folders that a crash leaves: each new name is synced in the folder that has it.
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { makeFolder, namesIn } from '../../log/folders';
import { removeScratchAfterEach, scratchPath } from '../../../test/support/scratch';

removeScratchAfterEach();
afterEach(() => jest.restoreAllMocks());

/** Folders that are synced while `work` runs. */
async function syncedBy(work: () => Promise<void>): Promise<string[]> {
  const synced: string[] = [];
  const { open } = fs;
  jest.spyOn(fs, 'open').mockImplementation(async (path, ...options) => {
    const file = await open(path, ...options);
    const { sync } = file;
    jest.spyOn(file, 'sync').mockImplementation(() => {
      synced.push(String(path));
      return sync.call(file);
    });
    return file;
  });
  await work();
  jest.restoreAllMocks();
  return synced;
}

test('a folder is made with those above it, and each is synced where its name is', async () => {
  const top = scratchPath();
  const folder = join(top, 'one', 'two');
  expect(await syncedBy(() => makeFolder(folder))).toEqual([join(top, 'one'), top, dirname(top)]);
  expect(existsSync(folder)).toBe(true);
  expect(await syncedBy(() => makeFolder(folder))).toEqual([]);
  expect(await syncedBy(() => makeFolder(relative(process.cwd(), join(top, 'one', 'three/'))))).toEqual([join(top, 'one')]);
  expect((await namesIn(join(top, 'one'))).sort()).toEqual(['three', 'two']);
});

test('a folder that is not there has no names, and a file is no folder', async () => {
  const path = scratchPath();
  expect(await namesIn(path)).toEqual([]);
  await fs.writeFile(path, '');
  await expect(namesIn(path)).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeFolder(join(path, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

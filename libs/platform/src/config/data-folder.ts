import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What keeps this user from using a data folder; null: nothing, also where it is to be made yet. */
export function dataFolderProblem(folder: string): string | null {
  try {
    if (!statSync(folder).isDirectory()) return 'must be a folder, and there is a file in its place';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return folder === dirname(folder) || mayWrite(dirname(folder))
        ? null
        : 'the folder cannot be made here';
    return `the folder cannot be reached (${code})`;
  }
  return mayWrite(folder)
    ? null
    : 'the folder belongs to another user: it must be readable and writable to this one';
}

/** Of the nearest folder there is. */
function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && folder !== dirname(folder) && mayWrite(dirname(folder));
  }
}

// The disk block: the unit in which an appender writes. No file system asks for a larger alignment, and disks write no smaller unit well.

/** Bytes of a disk block. Each write of an appender begins and ends at a multiple of it. */
export const DISK_BLOCK = 4096;

/** The last multiple of a disk block that is not above `position`. */
export function alignDown(position: number): number {
  return position - (position % DISK_BLOCK);
}

/** The first multiple of a disk block that is not below `position`. */
export function alignUp(position: number): number {
  return alignDown(position + DISK_BLOCK - 1);
}

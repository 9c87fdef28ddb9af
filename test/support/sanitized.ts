/** Whether the addon is the one with ASan and UBSan, which tools/jest-asan.sh preloads: slower, and its memory says nothing. */
export const sanitized = process.env.LD_PRELOAD?.includes('asan') === true;

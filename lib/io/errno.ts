// Error numbers of the kernel that this package itself reports, positive as in <errno.h>.
import { constants } from 'node:os';

export const { EINVAL, EIO, EISDIR, ENXIO, ESPIPE } = constants.errno;

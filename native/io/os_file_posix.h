// The system calls on files in which systems of the POSIX side differ. 0, or -1 with errno.
#pragma once

namespace corebuf::os_file {

/// Returns when the bytes of the file are on the disk, with all that is needed to read them.
int sync_data(int fd);

/// The same, with the times and permissions of the file.
int sync_all(int fd);

}  // namespace corebuf::os_file

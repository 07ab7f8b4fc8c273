#ifndef SEEMAIL_FILE_H
#define SEEMAIL_FILE_H

/*
 * file: files that administrators keep, read with distrust. What is checked
 * is the descriptor that is then read, so nobody can swap the file between.
 */

#include <sys/types.h>

struct buffer;
struct failure;

/* What a file must be. Behind FILE_SHARED its owner is root or who runs us. */
enum file_trust {
    FILE_PLAIN,  /* any regular file */
    FILE_SHARED, /* of any owner, perhaps of a group; not writable by all */
    FILE_GUARDED,/* not writable by group or others */
    FILE_SECRET, /* and not readable by them either [2.4-keys] */
};

/*
 * Reads the whole file, `most' bytes at the most, into the buffer (appended).
 * 0, or -1 with a failure of the given kind that names the path and what is
 * wrong with it: missing, not a regular file, wrong owner, mode, too large.
 */
int file_read(const char *path, enum file_trust trust, size_t most, int kind,
              struct buffer *content, struct failure *why);

/*
 * Puts a file in the place of what is there, whole or not at all: written
 * aside (PATH.new) to the disk, then renamed. 0, or -1 and nothing changed.
 */
int file_replace(const char *path, const void *data, size_t length,
                 mode_t mode, int kind, struct failure *why);

/*
 * What root has made belongs to the owner of the folder that it is in: the
 * hub runs as him. `fd' is the thing itself, so that no link is followed.
 * Others have nothing to give. 0, or -1 and errno.
 */
int file_hand_over(int fd, const char *path);

/* A folder for the hub alone (0700, no / at the end), made if it is not there,
 * and handed over. 0 or -1. */
int file_folder(const char *path, int kind, struct failure *why);

/* The same checks for a folder (or file), without reading it. */
int file_check(const char *path, enum file_trust trust, int kind,
               struct failure *why);

#endif

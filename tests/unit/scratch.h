#ifndef SEEMAIL_SCRATCH_H
#define SEEMAIL_SCRATCH_H

/* scratch: a folder of files for one test. */

/* Makes a new folder under TMPDIR or /tmp; its path, to be freed. */
char *scratch_new(void);

/* Writes the text to the file of that name in it. */
void scratch_write(const char *folder, const char *name, const char *text);

/* Removes it with what is in it, and frees the path. */
void scratch_free(char **folder);

#endif

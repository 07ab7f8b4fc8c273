/* scratch: see scratch.h. */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *scratch_new(void)
{
    const char *under = getenv("TMPDIR");
    char *folder = NULL;
    if (asprintf(&folder, "%s/seemail-test-XXXXXX", under ? under : "/tmp") < 0 ||
        !mkdtemp(folder))
        abort();
    return folder;
}

void scratch_write(const char *folder, const char *name, const char *text)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        abort();
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    free(path);
}

static int remove_one(const char *path, const struct stat *facts, int type,
                      struct FTW *where)
{
    (void)facts, (void)type, (void)where;
    return remove(path);
}

void scratch_free(char **folder)
{
    nftw(*folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*folder);
    *folder = NULL;
}

/* account: see account.h. */
#include "account.h"

#include "failure.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static int become(uid_t uid, gid_t folder_gid)
{
    const struct passwd *user = getpwuid(uid);
    gid_t gid = user ? user->pw_gid : folder_gid;
    int groups = user ? initgroups(user->pw_name, gid) : setgroups(0, NULL);
    return groups < 0 || setgid(gid) < 0 || setuid(uid) < 0 ? -1 : 0;
}

int account_become_owner(const char *folder, struct failure *why)
{
    struct stat status;
    if (geteuid() != 0 || stat(folder, &status) < 0 || status.st_uid == 0)
        return 0;
    if (become(status.st_uid, status.st_gid) < 0)
        return failure_errno(why, FAILURE_CHILD, errno, "%s: becoming its "
                             "owner, user %ld", folder, (long)status.st_uid);
    return 0;
}

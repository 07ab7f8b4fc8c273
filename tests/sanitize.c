/* sanitize: what the programs of `make SANITIZE=1' are told, who are started
 * by Exim with next to no environment. */

const char *__lsan_default_suppressions(void);

/* NSS keeps some things until a process ends when a token's module fails. */
__attribute__((visibility("default")))
const char *__lsan_default_suppressions(void)
{
    return "leak:PR_NewLock\n"
           "leak:libnss3\n"
           "leak:libnssutil3\n";
}

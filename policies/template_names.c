/* template_names: the templates, and what each may fill in; see template.h.
 * Each has its file in policies/notices/ and its row in seemail-notices(5). */
#include "template.h"

static const char *const digest[] = {"hub",  "title", "count", "events",
                                     "from", "until", NULL};
static const char *const warning[] = {"code", "text", "status", "signer",
                                      "from", "date", "subject", NULL};

const struct template_names template_names[] = {
    {"digest", digest, 1},
    {"warning-hard", warning, 0},
    {"warning-soft", warning, 0},
    {NULL, NULL, 0},
};

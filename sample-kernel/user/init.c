/* SPDX-License-Identifier: MIT */
/* init [SCRIPT]: the first process. It starts a shell on the console, or one that runs a script, and adopts
 * the children of others. A shell that was killed is started again; when a shell ends by itself, or the
 * script's shell in any way, init ends with its status, which powers the machine off. */
#include "lib.h"

static int start_shell(const char *script)
{
    const char *argv[] = {"sh", script, NULL};
    int pid = fork();
    int result;

    if (pid < 0)
        die("init: fork: %s\n", error_text(pid));
    if (pid == 0) {
        result = exec("/bin/sh", argv);
        die("init: /bin/sh: %s\n", error_text(result));
    }
    return pid;
}

/* Waits for the shell, and meanwhile for orphans. */
static int wait_for_shell(int shell)
{
    int status = 0;
    int pid;

    do {
        pid = wait(0, &status, 0);
    } while (pid > 0 && pid != shell);
    if (pid < 0)
        die("init: wait: %s\n", error_text(pid));
    return status;
}

int main(int argc, char **argv)
{
    const char *script = argc > 1 ? argv[1] : NULL;
    int status;

    for (;;) {
        status = wait_for_shell(start_shell(script));
        if (status < STATUS_KILLED)
            return status;
        if (script)
            return 255;
        printf("init: the shell was killed, starting another\n");
    }
}

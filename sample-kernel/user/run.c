/* SPDX-License-Identifier: MIT */
/* Runs lines: each pipeline's commands become processes that are joined by pipes, and unless it is a
 * background pipeline the shell waits for all of them. The console's ^C kills the foreground group, so an
 * interactive shell gives each pipeline a group of its own; a script's children stay in the script's group.
 * At the prompt the foreground group is that of a pipeline that has ended: ^C finds nobody to kill. */
#include "sh.h"

int status_number(int status)
{
    return status < STATUS_KILLED ? status : 128 + (status & 0x7f);
}

/* In the child. */
static _Noreturn void become(const struct command *command)
{
    builtin_fn *builtin = builtin_find(command->argv[0]);
    char path[PATH_SIZE];
    int result;

    if (builtin)
        exit(builtin(command));
    snprintf(path, sizeof path, "%s%s", strchr(command->argv[0], '/') ? "" : "/bin/", command->argv[0]);
    result = exec(path, command->argv);
    dprintf(2, "sh: %s: %s\n", command->argv[0], error_text(result));
    exit(result == -ENOENT ? 127 : 126);
}

/* In the child: fd becomes the descriptor as, if it is one. */
static void move_descriptor(int fd, int as)
{
    if (fd < 0 || fd == as)
        return;
    dup2(fd, as);
    close(fd);
}

static void open_input(const struct command *command)
{
    int fd;

    if (!command->input)
        return;
    fd = open(command->input);
    if (fd < 0)
        die("sh: %s: %s\n", command->input, error_text(fd));
    move_descriptor(fd, 0);
}

/* What all commands of a pipeline share. */
struct run {
    int group; /* pid of the first, 0 before there is one */
    bool foreground;
    int input; /* descriptor that the next command reads, or -1 */
};

/* Starts one command; output is a pipe's two ends, {-1, -1} for the last. Returns its pid or an error. */
static int start_command(const struct command *command, const struct run *run, const int output[2])
{
    int pid = fork();

    if (pid)
        return pid;
    if (shell.interactive)
        setgroup(run->group, run->foreground);
    shell.interactive = false;
    if (shell.script)
        close(shell.script);
    move_descriptor(run->input, 0);
    move_descriptor(output[1], 1);
    if (output[0] >= 0)
        close(output[0]);
    open_input(command);
    become(command);
}

/* Starts the command at this place of the pipeline: its pid or an error. */
static int start_next(const struct pipeline *p, int at, struct run *run)
{
    int output[2] = {-1, -1};
    int pid = at + 1 < p->count ? pipe(output) : 0;

    if (pid == 0)
        pid = start_command(&p->commands[at], run, output);
    if (run->input >= 0)
        close(run->input);
    if (output[1] >= 0)
        close(output[1]);
    run->input = output[0];
    if (!run->group && pid > 0)
        run->group = pid;
    return pid;
}

static void run_processes(const struct pipeline *p)
{
    struct run run = {.foreground = p->after != AFTER_BACKGROUND, .input = -1};
    int pids[MAX_COMMANDS];
    int started = 0, result = 0;

    while (started < p->count && (result = start_next(p, started, &run)) > 0)
        pids[started++] = result;
    if (started < p->count) {
        if (run.input >= 0)
            close(run.input);
        dprintf(2, "sh: cannot start a command: %s\n", error_text(result));
    }
    if (!run.foreground && started) {
        for (int i = 0; i < started; i++)
            job_add(pids[i]);
        shell.background = pids[started - 1];
        if (shell.interactive)
            printf("[%d]\n", shell.background);
    }
    shell.status = 0;
    for (int i = 0; run.foreground && i < started; i++)
        shell.status = status_number(wait_for(pids[i]));
    if (started < p->count)
        shell.status = 126;
}

static void run_pipeline(const struct pipeline *p)
{
    builtin_fn *builtin = NULL;

    if (p->count == 0)
        return;
    if (p->count == 1 && p->after != AFTER_BACKGROUND)
        builtin = builtin_find(p->commands[0].argv[0]);
    if (builtin)
        shell.status = builtin(&p->commands[0]);
    else
        run_processes(p);
}

/* Whether the whole line can be understood, before any of it is run. */
static bool check_line(const char *cursor)
{
    static struct pipeline p;
    enum after before = AFTER_SEMICOLON;

    do {
        if (!parse_pipeline(&cursor, &p))
            return false;
        if (!p.count && (before == AFTER_AND || before == AFTER_OR)) {
            dprintf(2, "sh: a command is missing\n");
            return false;
        }
        before = p.after;
    } while (p.after != AFTER_END);
    return true;
}

void run_line(const char *line)
{
    static struct pipeline p;
    enum after before = AFTER_SEMICOLON;

    if (!check_line(line)) {
        shell.status = 2;
        return;
    }
    do {
        if (!parse_pipeline(&line, &p))
            return;
        if (!(before == AFTER_AND && shell.status != 0) && !(before == AFTER_OR && shell.status == 0))
            run_pipeline(&p);
        before = p.after;
    } while (p.after != AFTER_END);
}

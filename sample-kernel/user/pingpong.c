/* SPDX-License-Identifier: MIT */
/* pingpong [ROUNDS]: two processes and two pipes. Each round sends a message there and back and checks it;
 * then a block that is larger than a pipe goes through, so that both sides must wait for each other. */
#include "lib.h"

#define BLOCK (5 * PIPE_SIZE + 123)

struct message {
    unsigned round;
    unsigned from;
    unsigned char data[56];
};

struct ends {
    int read, write;
};

static void fill(struct message *m, unsigned round, unsigned from)
{
    m->round = round;
    m->from = from;
    for (size_t i = 0; i < sizeof m->data; i++)
        m->data[i] = (unsigned char)(round * 7 + from * 13 + i);
}

static bool receive(const struct ends *ends, unsigned round, unsigned from)
{
    struct message got, expected;

    fill(&expected, round, from);
    if (read_all(ends->read, &got, sizeof got) != (long)sizeof got)
        return false;
    return memcmp(&got, &expected, sizeof got) == 0;
}

static bool send(const struct ends *ends, unsigned round, unsigned from)
{
    struct message m;

    fill(&m, round, from);
    return write_all(ends->write, &m, sizeof m) == 0;
}

static void fill_block(unsigned char *block)
{
    for (unsigned i = 0; i < BLOCK; i++)
        block[i] = (unsigned char)(i * 31 + (i >> 8));
}

/* The other side: answers until its input ends, and sends the block back byte for byte. */
static int pong(const struct ends *ends, unsigned rounds)
{
    static unsigned char block[BLOCK];

    for (unsigned i = 0; i < rounds; i++)
        if (!receive(ends, i, 1) || !send(ends, i, 2))
            return 1;
    if (read_all(ends->read, block, BLOCK) != BLOCK || write_all(ends->write, block, BLOCK))
        return 2;
    return read(ends->read, block, 1) == 0 ? 0 : 3;
}

static bool ping(const struct ends *ends, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        if (!send(ends, i, 1) || !receive(ends, i, 2))
            return false;
    return true;
}

static bool through(const struct ends *ends)
{
    static unsigned char sent[BLOCK], got[BLOCK];

    fill_block(sent);
    return write_all(ends->write, sent, BLOCK) == 0 && read_all(ends->read, got, BLOCK) == BLOCK &&
           memcmp(sent, got, BLOCK) == 0;
}

int main(int argc, char **argv)
{
    unsigned rounds = (unsigned)number_argument(argc, argv, 1, 100, 1, 10000000);
    int there[2], back[2], pid;
    struct ends mine, other;

    if (pipe(there) < 0 || pipe(back) < 0)
        die("pingpong: no pipes\n");
    mine = (struct ends){.read = back[0], .write = there[1]};
    other = (struct ends){.read = there[0], .write = back[1]};
    pid = fork();
    if (pid < 0)
        die("pingpong: fork: %s\n", error_text(pid));
    if (pid == 0) {
        close(mine.read);
        close(mine.write);
        return pong(&other, rounds);
    }
    close(other.read);
    close(other.write);
    check(ping(&mine, rounds), "%u rounds, data right", rounds);
    check(through(&mine), "a block of %u bytes, more than a pipe holds", (unsigned)BLOCK);
    close(mine.write);
    check(wait_for(pid) == 0, "the other side saw the same and the end");
    return check_done("pingpong");
}

/* SPDX-License-Identifier: MIT */
/*
 * A hostile kernel against pvrun and the zygote: garbage and floods on the control pipe, the console and the
 * zygote's socket.
 */
#include "kernel.h"

static char bytes[65536];

static void fill(uint64_t kind)
{
    static const char *const lines[] = {"crash a\nreg rip 1\nframe 1\ntrace 1 a 1 1\n",
                                        "exit 256\nexit -1\n\n", "reg a 1\nend\nend\ncrash ",
                                        "trace 99999999999999999 x ", "exit 3\nreboot\n"};

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(kind == 0 ? randomly() : kind == 1 ? 'x' : 0);
    for (size_t i = 0; kind == 2 && i + 64 < sizeof bytes;) {
        const char *line = lines[randomly() % 5];

        for (; *line; line++)
            bytes[i++] = *line;
    }
}

/*
 * to=: a descriptor; kind=: 0 random bytes, 1 one line without an end, 2 lines; mb=: how much; oob=: urgent
 * data.
 */
void mode_flood(void)
{
    uint64_t to = number("to", FD_CONTROL), left = number("mb", 64) << 20;

    fill(number("kind", 0));
    while (left > 0) {
        size_t part = number("part", sizeof bytes);
        long put = to == FD_CONTROL
                       ? host(HOST_WRITE, FD_CONTROL, (long)bytes, (long)part, 0, 0, 0)
                       : host(HOST_SENDTO, (long)to, (long)bytes, (long)part, number("oob", 0) ? 1 : 0, 0, 0);

        if (put <= 0 && put != -4 && put != -11)
            break;
        left -= put <= 0 ? 0 : (uint64_t)put < left ? (uint64_t)put : left;
    }
    host(HOST_WRITE, FD_CONTROL, (long)"\n", 1, 0, 0, 0);
}

/* Requests of every size and slot, without ever taking an answer, or taking them all. */
void mode_zygote(void)
{
    uint64_t kind = number("kind", 0), count = number("count", 0x1000);
    static uint32_t request[2];

    for (uint64_t i = 0; i < count; i++) {
        long flags = 0x4040; /* MSG_NOSIGNAL | MSG_DONTWAIT */

        for (size_t n = 0; kind != 1 && n < 64; n++)
            bytes[n] = (char)randomly();
        request[0] = kind == 2 ? (uint32_t)(i % 1024) : (uint32_t)randomly();
        if (kind == 0) /* any size, any slot */
            host(HOST_SENDTO, FD_ZYGOTE, (long)bytes, (long)(randomly() % (i % 16 == 0 ? sizeof bytes : 64)),
                 flags, 0, 0);
        else if (kind <= 2) /* well formed: no such slot; every slot */
            host(HOST_SENDTO, FD_ZYGOTE, (long)request, sizeof request, kind == 2 ? 0x4000 : flags, 0, 0);
        if (kind == 2) {
            static struct {
                void *base;
                uint64_t size;
            } part = {bytes, 64};
            static uint64_t message[7];

            message[2] = (uint64_t)&part;
            message[3] = 1;
            message[4] = (uint64_t)(bytes + 1024);
            message[5] = 256;
            host(HOST_RECVMSG, FD_ZYGOTE, (long)message, 0, 0, 0, 0);
        }
    }
    if (kind == 3)
        host(HOST_CLOSE, FD_ZYGOTE, 0, 0, 0, 0, 0);
}

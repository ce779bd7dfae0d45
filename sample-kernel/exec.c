/* SPDX-License-Identifier: MIT */
/*
 * exec: a new memory with the program's segments, a stack page with the arguments, a frame that starts it.
 * All is made ready beside the old memory and then put in its place; what fails before changes nothing.
 * Called by syscall.c, and by main.c for init. Read next: elf.c, space.c.
 */
#include "exec.h"

#include "elf.h"
#include "initrd.h"
#include "page.h"
#include "proc.h"

/*
 * The first page of the stack, as the program finds it (abi.h): from its start on argc, the pointers of
 * argv, four words of zero, and the strings. rsp will point to its start.
 */
#define ARGS_VA (STACK_TOP - PV_PAGE_SIZE)
#define ARGS_TAIL 4 /* the ends of argv, of the environment and of the auxiliary vector (2 words) */

struct args {
    uint64_t *page;
    size_t size; /* bytes in use */
    size_t count;
};

_Static_assert(ARGS_MAX + (1 + ARGS_TAIL) * 8 <= PV_PAGE_SIZE, "the arguments fit into their page");

static size_t args_room(const struct args *args)
{
    return ARGS_MAX + (1 + ARGS_TAIL) * 8 - args->size;
}

/* Room for count pointers; the strings come behind. */
static int args_begin(struct args *args, size_t count)
{
    if (count > ARGS_MAX / 8)
        return -E2BIG;
    args->page[0] = count;
    args->size = (1 + count + ARGS_TAIL) * 8;
    args->count = 0;
    return 0;
}

/* Where the next string goes; args_added() says how long it was, without its end. */
static char *args_next(const struct args *args)
{
    return (char *)args->page + args->size;
}

static void args_added(struct args *args, size_t length)
{
    args->page[1 + args->count++] = ARGS_VA + args->size;
    args->size += length + 1;
}

static int args_from_kernel(struct args *args, const char *const *argv)
{
    size_t count = 0;

    while (argv[count] != NULL)
        count++;
    if (args_begin(args, count) < 0)
        return -E2BIG;
    for (size_t i = 0; i < count; i++) {
        size_t length = str_length(argv[i]);

        if (length >= args_room(args))
            return -E2BIG;
        memcpy(args_next(args), argv[i], length + 1);
        args_added(args, length);
    }
    return 0;
}

/* One pointer of argv. */
static int user_pointer(pv_va_t argv, size_t index, pv_va_t *string)
{
    return pv_user_copy_in(string, argv + index * sizeof *string, sizeof *string);
}

static int user_count(pv_va_t argv, size_t *count)
{
    pv_va_t string;

    for (*count = 0; argv != 0 && *count <= ARGS_MAX / 8; ++*count) {
        if (user_pointer(argv, *count, &string) < 0)
            return -EFAULT;
        if (string == 0)
            break;
    }
    return 0;
}

static int args_from_user(struct args *args, pv_va_t argv)
{
    size_t count;

    if (user_count(argv, &count) < 0)
        return -EFAULT;
    if (args_begin(args, count) < 0)
        return -E2BIG;
    for (size_t i = 0; i < count; i++) {
        pv_va_t string;
        int length;

        if (user_pointer(argv, i, &string) < 0)
            return -EFAULT;
        length = pv_user_copy_str(args_next(args), string, args_room(args));
        if (length < 0)
            return length == -PV_ENAMETOOLONG ? -E2BIG : -EFAULT;
        args_added(args, (size_t)length);
    }
    return 0;
}

/* --- memory --- */

/* Copy what of the segment's file content falls into the page at va. The rest of the page is zero. */
static void fill_page(char *page, pv_va_t va, const struct elf_segment *segment, const char *file)
{
    pv_va_t start = segment->va > va ? segment->va : va;
    pv_va_t end = min_u64(segment->va + segment->file_size, va + PV_PAGE_SIZE);

    memcpy(page + (start - va), file + segment->offset + (start - segment->va), end - start);
}

/* Pages with content from the file are made now; the others come on demand. */
static int load_segment(struct space *space, const struct elf_segment *segment, const char *file)
{
    pv_va_t start = round_down(segment->va, PV_PAGE_SIZE);
    pv_va_t end = round_up(segment->va + segment->memory_size, PV_PAGE_SIZE);

    space_add_area(space, start, end,
                   (segment->writable ? PV_PTE_W : 0) | (segment->executable ? 0 : PV_PTE_NX));
    if (segment->file_size == 0)
        return 0;
    for (pv_va_t va = start; va < segment->va + segment->file_size; va += PV_PAGE_SIZE) {
        char *page = page_alloc_zeroed();

        if (page == NULL)
            return -ENOMEM;
        fill_page(page, va, segment, file);
        if (space_put_page(space, va, page) < 0) {
            page_free(page);
            return -ENOMEM;
        }
    }
    return 0;
}

/* On success the arguments' page belongs to the space. */
static int load(struct space *space, const struct elf_program *program, const char *file, void *args_page)
{
    int error = space_create(space, program->end);

    if (error < 0)
        return error;
    for (unsigned i = 0; i < program->segment_count && error == 0; i++)
        error = load_segment(space, &program->segments[i], file);
    if (error == 0)
        error = space_put_page(space, ARGS_VA, args_page);
    if (error < 0)
        space_destroy(space);
    return error;
}

/* --- exec --- */

static void set_name(struct proc *proc, const char *path)
{
    const char *name = path;

    for (const char *c = path; *c != '\0'; c++)
        if (c[0] == '/' && c[1] != '\0')
            name = c + 1;
    str_copy(proc->name, name, PROC_NAME_SIZE);
}

/* Nothing can fail any more. */
static void become(const struct space *space, const struct elf_program *program, const char *path)
{
    struct proc *proc = proc_current();

    proc->tls = 0;
    set_name(proc, path);
    proc_replace_space(space);
    pv_frame_init_user(proc_user_frame(proc), program->entry, ARGS_VA);
}

static int exec(const char *path, void *args_page)
{
    const struct initrd_file *file = initrd_find(path);
    struct elf_program program;
    struct space space;
    int error;

    if (file == NULL)
        return -ENOENT;
    if (file->directory)
        return -EISDIR;
    if (!elf_read(file->data, file->size, PROGRAM_BASE, PROGRAM_END, &program))
        return -ENOEXEC;
    error = load(&space, &program, file->data, args_page);
    if (error == 0)
        become(&space, &program, path);
    return error;
}

int exec_from_user(const char *path, pv_va_t argv)
{
    struct args args = {.page = page_alloc_zeroed()};
    int error;

    if (args.page == NULL)
        return -ENOMEM;
    error = args_from_user(&args, argv);
    if (error == 0)
        error = exec(path, args.page);
    if (error < 0)
        page_free(args.page);
    return error;
}

int exec_from_kernel(const char *path, const char *const *argv)
{
    struct args args = {.page = page_alloc_zeroed()};
    int error;

    if (args.page == NULL)
        return -ENOMEM;
    error = args_from_kernel(&args, argv);
    if (error == 0)
        error = exec(path, args.page);
    if (error < 0)
        page_free(args.page);
    return error;
}

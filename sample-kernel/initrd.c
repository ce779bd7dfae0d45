/* SPDX-License-Identifier: MIT */
/*
 * The file system: a cpio archive that was loaded with the kernel. It is read once, at boot, into a table of
 * what is where; files are never copied, and a damaged archive is noticed before anything uses it.
 * Used by exec.c to find programs and by file.c and syscall.c for open and readdir. Read next: cpio.c.
 *
 * Limit: only what lies in the archive as a directory is one; `find | cpio` writes them all.
 */
#include "initrd.h"

#include "cpio.h"

static struct initrd_file files[INITRD_FILES_MAX] = {{.path = "", .data = "", .directory = true}};
static unsigned file_count = 1; /* the root */

/* Names come as "bin/ls", "./bin/ls" or "/bin/ls". */
static const char *strip_start(const char *name)
{
    while (*name == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == '\0')))
        name++;
    return name;
}

static void add(const struct cpio_entry *entry)
{
    const char *path = strip_start(entry->name);
    uint32_t type = entry->mode & CPIO_MODE_TYPE;

    if (*path == '\0' || (type != CPIO_MODE_FILE && type != CPIO_MODE_DIRECTORY))
        return;
    if (file_count == INITRD_FILES_MAX) {
        printk("initrd: too many files, %s is left out\n", path);
        return;
    }
    files[file_count++] = (struct initrd_file){
        .path = path,
        .data = entry->data,
        .size = entry->size,
        .directory = type == CPIO_MODE_DIRECTORY,
        .executable = (entry->mode & 0111) != 0,
    };
}

void initrd_init(const struct pv_boot_info *info)
{
    const struct pv_boot_module *module = info->modules;
    struct cpio_entry entry;
    size_t offset = 0;
    int found;

    if (info->module_count == 0) {
        printk("no initrd: the sample kernel needs a cpio archive with /init in it (pvrun --initrd FILE)\n");
        kernel_off(1);
    }
    while ((found = cpio_next(pv_phys_to_virt(module->base), module->size, &offset, &entry)) == 1)
        add(&entry);
    if (found < 0)
        printk("initrd: no cpio archive (newc), or damaged, at byte %lu\n", offset);
}

/* Whether the first length characters of path are all of name. */
static bool is_path(const char *name, const char *path, size_t length)
{
    return str_length(name) == length && memcmp(name, path, length) == 0;
}

const struct initrd_file *initrd_find(const char *path)
{
    size_t length;

    path = strip_start(path);
    length = str_length(path);
    while (length > 0 && path[length - 1] == '/')
        length--;
    for (unsigned i = 0; i < file_count; i++)
        if (is_path(files[i].path, path, length))
            return &files[i];
    return NULL;
}

/* The name of a file within a directory, or NULL: it is not directly in there. */
static const char *name_within(const struct initrd_file *directory, const char *path)
{
    size_t length = str_length(directory->path);

    if (length > 0) {
        if (str_length(path) <= length || memcmp(path, directory->path, length) != 0 || path[length] != '/')
            return NULL;
        path += length + 1;
    }
    for (const char *c = path; *c != '\0'; c++)
        if (*c == '/')
            return NULL;
    return *path != '\0' ? path : NULL;
}

int initrd_read_directory(const char *path, unsigned index, struct dirent *entry)
{
    const struct initrd_file *directory = initrd_find(path);

    if (directory == NULL)
        return -ENOENT;
    if (!directory->directory)
        return -ENOTDIR;
    for (unsigned i = 0; i < file_count; i++) {
        const char *name = name_within(directory, files[i].path);

        if (name == NULL || index-- > 0)
            continue;
        memset(entry, 0, sizeof *entry);
        entry->size = files[i].size;
        entry->type = files[i].directory ? DIRENT_DIRECTORY : DIRENT_FILE;
        entry->executable = !files[i].directory && files[i].executable;
        str_copy(entry->name, name, NAME_SIZE);
        return 1;
    }
    return 0;
}

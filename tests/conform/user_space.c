/* SPDX-License-Identifier: MIT */
/*
 * A small user address space for a blob of user code: code, data and stack page in a root of its own.
 * conform_user_enter() goes there and comes back at the next trap.
 */
#include "conform.h"

void conform_user_make(struct conform_user *user, const char *start, const char *end)
{
    REQUIRE((size_t)(end - start) <= PV_PAGE_SIZE);
    user->blob = start;
    user->root = conform_root();
    user->code_pa = conform_page();
    user->data_pa = conform_page();
    user->stack_pa = conform_page();
    __builtin_memcpy(pv_phys_to_virt(user->code_pa), start, (size_t)(end - start));
    conform_map(user->root, CONFORM_USER_CODE, user->code_pa, CONFORM_USER_RX);
    conform_map(user->root, CONFORM_USER_DATA, user->data_pa, CONFORM_USER_RW);
    conform_map(user->root, CONFORM_USER_STACK, user->stack_pa, CONFORM_USER_RW);
    pv_mmu_load(user->root);
}

pv_va_t conform_user_va(const struct conform_user *user, const char *label)
{
    return CONFORM_USER_CODE + (pv_va_t)(label - user->blob);
}

void conform_user_frame(const struct conform_user *user, struct pv_frame *frame, const char *label)
{
    pv_frame_init_user(frame, conform_user_va(user, label), CONFORM_USER_STACK_TOP);
}

void *conform_user_data(const struct conform_user *user)
{
    return pv_phys_to_virt(user->data_pa);
}

# SPDX-License-Identifier: MIT

# PV_CHECK_CFLAG(FLAG, VARIABLE): append FLAG to VARIABLE if the compiler takes it without a warning.
AC_DEFUN([PV_CHECK_CFLAG], [
    AC_MSG_CHECKING([whether $CC takes $1])
    pv_saved_CFLAGS=$CFLAGS
    CFLAGS="-Werror $1"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
        [AC_MSG_RESULT([yes])
         $2="$$2 $1"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$pv_saved_CFLAGS
])

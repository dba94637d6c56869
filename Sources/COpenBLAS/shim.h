// CBLAS comes from OpenBLAS's own header. Debian's OpenBLAS holds LAPACK too but installs no C header for it, so the few
// Fortran entry points that `Tensor` calls are declared here: every argument by reference, column-major, hidden string
// lengths (always 1) passed last as the compiler's Fortran calling convention asks.
#pragma once
#include <cblas.h>
#include <stddef.h>

void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length, size_t uplo_length);
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dgeqp3_(const int *m, const int *n, double *a, const int *lda, int *jpvt, double *tau, double *work,
             const int *lwork, int *info);
void dorgqr_(const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
             const int *lwork, int *info);

// Maps a buffer to compute in, or takes one that no call is using; OpenBLAS has no header for it. See `BLASBuffers`.
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);

import COpenBLAS

/// The products that networks and mixtures need, over raw row-major storage; single-threaded.
///
/// Parallelism lies above: each worker takes its own images. An image's result must never depend on how many others are
/// in the batch, and OpenBLAS picks other kernels for other sizes, so no call may have the batch among its extents.
package enum BLAS {
  /// OpenBLAS would otherwise start a thread for every core inside every worker.
  private static let configuration: Void = openblas_set_num_threads(1)

  /// The library's version and the processor it chose its kernels for, which decide how results are rounded.
  package static let implementation = [openblas_get_config(), openblas_get_corename()]
    .map { $0.map { String(cString: $0) } ?? "" }.joined(separator: " ")

  /// Row-major product `c = alpha * op(a) op(b) + beta * c`, where op(a) is m x k, op(b) k x n, c m x n.
  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, transposeB: Bool = false, beta: Float = 0, into c: UnsafeMutablePointer<Float>,
    rowStride: Int? = nil
  ) {
    configuration
    BLASBuffers.withBuffer {
      cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, blasint(m),
        blasint(n), blasint(k), alpha, a, blasint(max(1, transposeA ? m : k)), b, blasint(max(1, transposeB ? k : n)),
        beta, c, blasint(max(1, rowStride ?? n)))
    }
  }

  /// The same in double precision.
  package static func multiply(
    m: Int, n: Int, k: Int, alpha: Double = 1, _ a: UnsafePointer<Double>, transposeA: Bool = false,
    _ b: UnsafePointer<Double>, transposeB: Bool = false, beta: Double = 0, into c: UnsafeMutablePointer<Double>
  ) {
    configuration
    BLASBuffers.withBuffer {
      cblas_dgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, blasint(m),
        blasint(n), blasint(k), alpha, a, blasint(max(1, transposeA ? m : k)), b, blasint(max(1, transposeB ? k : n)),
        beta, c, blasint(max(1, n)))
    }
  }

  /// Row-major matrix-vector product `y = alpha * op(a) x + beta * y`, a being rows x columns.
  package static func multiply(
    rows: Int, columns: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, transposeA: Bool = false,
    _ x: UnsafePointer<Float>, beta: Float = 0, into y: UnsafeMutablePointer<Float>
  ) {
    configuration
    BLASBuffers.withBuffer {
      cblas_sgemv(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), alpha, a,
        blasint(max(1, columns)), x, 1, beta, y, 1)
    }
  }

  /// The same in double precision.
  package static func multiply(
    rows: Int, columns: Int, alpha: Double = 1, _ a: UnsafePointer<Double>, transposeA: Bool = false,
    _ x: UnsafePointer<Double>, beta: Double = 0, into y: UnsafeMutablePointer<Double>
  ) {
    configuration
    BLASBuffers.withBuffer {
      cblas_dgemv(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), alpha, a,
        blasint(max(1, columns)), x, 1, beta, y, 1)
    }
  }
}

import Kernels

/// Dense product of short sums. Every output is accumulated in the order of the inner axis, whatever the number of rows: row i
/// has the same bits alone or among thousands.
///
/// It is accumulated in double precision: these sums are the ones over classes, where terms cancel: the gradient of the
/// sum of all logits can be a thousandth of each logit's own, and in single precision it keeps three digits.
enum RowProduct {
  /// Longer ones are `PanelProduct`'s.
  static let longestDoubleSum = 128

  /// Rows for which columns of the right matrix are brought side by side once.
  private static let blockRows = 64

  /// Of so many rows those that are best computed together: four take hardly longer than one.
  static func rows(of count: Int) -> Int { min(blockRows, (count + 3) / 4 * 4) }

  /// `c[rows, columns] = a[rows, inner] b[inner, columns]`, all dense row-major.
  static func multiply(
    rows: Int, inner: Int, columns: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16 * inner) { scratch in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.rows(of: rows) * inner + 64) { doubles in
        guard let scratch = scratch.baseAddress, let doubles = doubles.baseAddress else {
          preconditionFailure("not empty")
        }
        for first in stride(from: 0, to: rows, by: blockRows) {
          VectorKernels().doubleSums(
            rows: min(blockRows, rows - first), inner: inner, columns: columns, left: a + first * inner, right: b,
            scratch: scratch, doubles: doubles, output: c + first * columns)
        }
      }
    }
  }
}

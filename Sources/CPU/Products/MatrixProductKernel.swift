import Graph
import Tensor

/// How a matrix product is computed. With one right matrix it is made row by row (`RowProduct` for short sums of two matrices,
/// else `PanelProduct`), because rows are images, or parts of them, and an image's numbers may not depend on how many others there
/// are. Otherwise each pair of matrices is one BLAS call of its own.
struct MatrixProductKernel: CPUKernel {
  /// Finishes the product; nil: it is the result.
  private let fused: FusedLayer?
  private let panels: PanelProduct?
  private let hasOneRightMatrix: Bool
  private let matrices: Int
  private let m: Int
  private let k: Int
  private let n: Int

  /// - Parameter inputs: `[..., M, K]`, `[..., K, N]` or `[K, N]`, and those of the epilogue.
  init(_ product: MatrixProduct, inputs: [Shape], fused: FusedLayer? = nil) {
    self.fused = fused
    let (a, b) = (inputs[0], inputs[1])
    (m, k, n) = (a[a.rank - 2], a[a.rank - 1], b[b.rank - 1])
    matrices = a.dimensions.dropLast(2).reduce(1, *)
    hasOneRightMatrix = b.rank == 2
    let isLong = a.rank > 2 || b[b.rank - 2] > RowProduct.longestDoubleSum
    panels = hasOneRightMatrix && isLong ? PanelProduct(inner: k, columns: n) : nil
  }

  var scratchCount: Int { panels?.scratchCount ?? 0 }

  var preparedCount: Int { panels?.preparedCount ?? 0 }

  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    panels?.prepare(weights, into: prepared)
  }

  func evaluate(_ arguments: KernelArguments) {
    multiply(arguments)
    guard let fused else { return }
    let epilogue = Epilogue(fused, arguments)
    for image in 0..<arguments.outputShape[0] { epilogue.apply(image: image) }
  }

  private func multiply(_ arguments: KernelArguments) {
    let (left, right, output) = (arguments.inputs[0], arguments.inputs[1], arguments.output)
    if let panels {
      let rows = matrices * m
      arguments.forEachBlock(of: rows, blockSize: panels.blockRows(of: rows, threads: arguments.threads)) {
        rows, scratch in
        panels.multiply(
          rows: rows.count, left + rows.lowerBound * k, arguments.prepared, into: output + rows.lowerBound * n,
          scratch: scratch)
      }
    } else if hasOneRightMatrix {
      arguments.forEachBlock(of: m, blockSize: KernelArguments.blockSize(work: k * n / 2)) { rows, _ in
        RowProduct.multiply(
          rows: rows.count, inner: k, columns: n, left + rows.lowerBound * k, right, into: output + rows.lowerBound * n)
      }
    } else {
      arguments.forEachBlock(of: matrices, blockSize: KernelArguments.blockSize(work: m * k * n / 4)) { range, _ in
        for matrix in range {
          BLAS.multiply(
            m: m, n: n, k: k, left + matrix * m * k, right + matrix * k * n, into: output + matrix * m * n)
        }
      }
    }
  }
}

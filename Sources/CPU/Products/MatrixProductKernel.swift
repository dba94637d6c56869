import Graph
import Tensor

/// How a matrix product is computed. With one right matrix it is made row by row (`RowProduct` for short sums of two matrices,
/// else `PanelProduct`), because rows are images, or parts of them, and an image's numbers may not depend on how many others there
/// are. Otherwise each pair of matrices is a product of its own, of short ones one BLAS call.
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
    panels = (hasOneRightMatrix ? isLong : m >= Self.rowsWorthPanels) ? PanelProduct(inner: k, columns: n) : nil
  }

  /// Fewer rows than this are not worth bringing the right matrix of a pair into panels.
  private static let rowsWorthPanels = 6

  var scratchCount: Int {
    guard let panels else { return 0 }
    return panels.scratchCount + (hasOneRightMatrix ? 0 : panels.preparedCount)
  }

  var preparedCount: Int { hasOneRightMatrix ? panels?.preparedCount ?? 0 : 0 }

  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    if hasOneRightMatrix { panels?.prepare(weights, into: prepared) }
  }

  func evaluate(_ arguments: KernelArguments) {
    let epilogue = Epilogue(fused, columns: n, arguments)
    guard let panels else {
      multiply(arguments)
      if fused != nil { for image in 0..<arguments.outputShape[0] { epilogue.apply(image: image) } }
      return
    }
    let left = arguments.inputs[0]
    if hasOneRightMatrix {
      let rows = matrices * m
      arguments.forEachBlock(of: rows, blockSize: panels.blockRows(of: rows, threads: arguments.threads)) {
        panels.multiply(rows: $0, left, arguments.prepared, epilogue, scratch: $1)
      }
    } else {
      arguments.forEachBlock(of: matrices, blockSize: KernelArguments.blockSize(work: m * k * n / 4)) {
        range, scratch in
        for matrix in range {
          panels.prepare(arguments.inputs[1] + matrix * k * n, into: scratch)
          panels.multiply(
            rows: matrix * m..<(matrix + 1) * m, left, scratch, epilogue, scratch: scratch + panels.preparedCount)
        }
      }
    }
  }

  /// What needs no panels.
  private func multiply(_ arguments: KernelArguments) {
    let (left, right, output) = (arguments.inputs[0], arguments.inputs[1], arguments.output)
    if hasOneRightMatrix {
      let share = (m + arguments.threads - 1) / arguments.threads
      let blockRows = max(RowProduct.rows(of: share), KernelArguments.blockSize(work: k * n / 8))
      arguments.forEachBlock(of: m, blockSize: blockRows) { rows, _ in
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

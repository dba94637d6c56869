import Graph
import Kernels
import Tensor

/// Which input position each window of max pooling selects: the first of equals, the last NaN, as in PyTorch.
struct MaxPoolSelection {
  private let traversal: PoolingTraversal
  private let planes: Int
  let inputPlane: Int
  private let outputPlane: Int

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    traversal = PoolingTraversal(window, input: input, output: output)
    planes = input[0] * input[1]
    inputPlane = input[2] * input[3]
    outputPlane = output[2] * output[3]
  }

  /// Floats of scratch memory that `forEach` needs: a row's largest numbers and their places.
  var scratchCount: Int { 2 * traversal.outputWidth }

  /// Calls `body` with each output's index and the index of its selected input, nil for a window wholly in padding; one
  /// plane after the other, or over the threads of `arguments`. Before a plane, `begin` is called with its first input index.
  @inline(__always)
  func forEach(
    _ arguments: KernelArguments, in values: UnsafePointer<Float>, begin: (_ first: Int) -> Void = { _ in },
    _ body: (_ output: Int, _ selected: Int?) -> Void
  ) {
    let vectors = VectorKernels()
    let width = traversal.outputWidth
    traversal.forEachPlane(arguments, of: planes) { plane, scratch in
      let base = plane * inputPlane
      begin(base)
      let largest = scratch
      // Places in a plane fit: a value has fewer than 2^31 numbers.
      (scratch + width).withMemoryRebound(to: Int32.self, capacity: width) { selected in
        for row in 0..<traversal.outputHeight {
          largest.update(repeating: -.infinity, count: width)
          selected.update(repeating: -1, count: width)
          traversal.forEachTap(ofRow: row) { outputs, position in
            vectors.selectLargest(
              count: outputs.count, step: traversal.step, source: values + base + position,
              position: Int32(truncatingIfNeeded: position), largest: largest + outputs.lowerBound,
              selected: selected + outputs.lowerBound)
          }
          let first = plane * outputPlane + row * width
          for column in 0..<width {
            body(first + column, selected[column] < 0 ? nil : base + Int(selected[column]))
          }
        }
      }
    }
  }
}

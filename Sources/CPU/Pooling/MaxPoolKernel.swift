import Graph
import Kernels
import Tensor

/// See `MaxPool2D`.
struct MaxPoolKernel: CPUKernel {
  private let input: Shape
  private let output: Shape
  private let isPairs: Bool
  private let traversal: PoolingTraversal

  init(_ window: PoolingWindow, input: Shape, output: Shape) {
    (self.input, self.output) = (input, output)
    isPairs = window.isPairs
    traversal = PoolingTraversal(window, input: input, output: output)
  }

  func evaluate(_ arguments: KernelArguments) {
    let vectors = VectorKernels()
    traversal.forEachPlane(arguments, of: input[0] * input[1]) { plane, _ in
      let source = arguments.inputs[0] + plane * input[2] * input[3]
      let target = arguments.output + plane * output[2] * output[3]
      if isPairs {
        return vectors.pairPool(height: input[2], width: input[3], source: source, output: target)
      }
      for row in 0..<output[2] {
        let line = target + row * output[3]
        line.update(repeating: -.infinity, count: output[3])
        traversal.forEachTap(ofRow: row) { outputs, position in
          vectors.raiseToLargest(
            count: outputs.count, step: traversal.step, source: source + position,
            largest: line + outputs.lowerBound)
        }
      }
    }
  }
}

import Tensor

/// activation(layer + bias + residual), applied to each image while it is still in the cache.
///
/// Inputs: the layer's two, then those of bias, residual and gate reference that are present, in this order.
struct FusedLayer: FusedOperator {
  static let name = "fused-layer"

  enum Layer: Hashable {
    case conv2d(Conv2D)
    case conv2dInputGradient(Conv2DInputGradient)
    case matrixProduct(MatrixProduct)
  }

  enum Activation: Hashable {
    case none
    case relu(ReLU)
    case gate(Gate)
  }

  let layer: Layer
  /// One number per channel (convolutions) or column (matrix product).
  var bias = false
  /// Of the output's shape.
  var residual = false
  var activation = Activation.none

  private var operation: any Operator {
    switch layer {
    case .conv2d(let conv): conv
    case .conv2dInputGradient(let conv): conv
    case .matrixProduct(let product): product
    }
  }

  func isBias(_ shape: Shape, output: Shape) -> Bool {
    guard shape.count == output[1] else { return false }
    let padded = [Int](repeating: 1, count: max(0, output.rank - shape.rank)) + shape.dimensions
    return padded.count == output.rank && padded[1] == output[1]
  }

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    let output = try operation.shape(of: Array(inputs.prefix(2)))
    var position = 2
    func next(_ isPresent: Bool, _ isAccepted: (Shape) -> Bool) throws(GraphError) {
      guard isPresent else { return }
      guard position < inputs.count, isAccepted(inputs[position]) else {
        throw mismatch(inputs, "input \(position) of the epilogue does not fit \(output)")
      }
      position += 1
    }
    try next(bias) { isBias($0, output: output) }
    try next(residual) { $0 == output }
    if case .gate = activation { try next(true) { $0 == output } }
    try requireArity(position, inputs)
    return output
  }

  func scratchCount(inputs: [Shape], output: Shape) -> Int {
    operation.scratchCount(inputs: Array(inputs.prefix(2)), output: output)
  }

  func sharedScratchCount(inputs: [Shape], output: Shape) -> Int {
    operation.sharedScratchCount(inputs: Array(inputs.prefix(2)), output: output)
  }

  func preparedCount(inputs: [Shape], output: Shape) -> Int {
    operation.preparedCount(inputs: Array(inputs.prefix(2)), output: output)
  }

  func prepare(
    _ weights: UnsafePointer<Float>, inputs: [Shape], output: Shape, into prepared: UnsafeMutablePointer<Float>
  ) {
    operation.prepare(weights, inputs: Array(inputs.prefix(2)), output: output, into: prepared)
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport {
    let likeOutput = Array((bias ? 3 : 2)..<max(bias ? 3 : 2, inputs.count))
    switch layer {
    case .conv2d(let conv): return conv.layoutSupport(inputs: inputs, output: output, likeOutput: likeOutput)
    case .conv2dInputGradient(let conv):
      return conv.layoutSupport(inputs: inputs, output: output, likeOutput: likeOutput)
    case .matrixProduct: return LayoutSupport()
    }
  }

  func evaluate(_ kernel: KernelArguments) {
    let epilogue = Epilogue(self, kernel)
    switch layer {
    case .conv2d(let conv): conv.evaluate(kernel, epilogue)
    case .conv2dInputGradient(let conv): conv.evaluate(kernel, epilogue)
    case .matrixProduct(let product):
      product.evaluate(kernel)
      for image in 0..<kernel.outputShape[0] { epilogue.apply(image: image) }
    }
  }
}

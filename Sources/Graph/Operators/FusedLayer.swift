import Tensor

/// activation(layer + bias + residual), applied to each image while it is still in the cache. Made by the optimiser only.
///
/// Inputs: the layer's two, then those of bias, residual and gate reference that are present, in this order.
struct FusedLayer: Operator {
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

  func evaluate(_ kernel: KernelArguments) {
    let epilogue = Epilogue(self, kernel)
    switch layer {
    case .conv2d(let conv): conv.evaluate(kernel) { epilogue.apply(image: $0) }
    case .conv2dInputGradient(let conv): conv.evaluate(kernel) { epilogue.apply(image: $0) }
    case .matrixProduct(let product):
      product.evaluate(kernel)
      for image in 0..<kernel.outputShape[0] { epilogue.apply(image: image) }
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    throw .notDifferentiable(operation: Self.name, mode: "reverse")
  }

  func forward(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, tangents: [Graph.Value?]
  ) throws(GraphError) -> Graph.Value? {
    throw .notDifferentiable(operation: Self.name, mode: "forward")
  }
}

/// What happens to one image of a layer's output, channel by channel.
private struct Epilogue {
  private let output: UnsafeMutablePointer<Float>
  private let channels: Int
  private let positions: Int
  private let activation: FusedLayer.Activation
  private var bias: UnsafePointer<Float>?
  private var residual: UnsafePointer<Float>?
  private var reference: UnsafePointer<Float>?

  init(_ layer: FusedLayer, _ kernel: KernelArguments) {
    output = kernel.output
    channels = kernel.outputShape[1]
    positions = kernel.outputShape.dimensions.dropFirst(2).reduce(1, *)
    activation = layer.activation
    var extras = kernel.inputs.dropFirst(2)
    if layer.bias { bias = extras.popFirst() }
    if layer.residual { residual = extras.popFirst() }
    if case .gate = layer.activation { reference = extras.popFirst() }
  }

  func apply(image: Int) {
    if positions == 1 {
      // A row of a matrix: the channels are the contiguous axis.
      let start = image * channels
      let y = output + start
      if let bias { for index in 0..<channels { y[index] += bias[index] } }
      finish(start: start, count: channels)
      return
    }
    for channel in 0..<channels {
      let start = (image * channels + channel) * positions
      if let shift = bias?[channel] {
        let y = output + start
        for index in 0..<positions { y[index] += shift }
      }
      finish(start: start, count: positions)
    }
  }

  @inline(__always)
  private func finish(start: Int, count: Int) {
    let y = output + start
    if let residual {
      let r = residual + start
      for index in 0..<count { y[index] += r[index] }
    }
    switch activation {
    case .none: break
    case .relu(let relu):
      for index in 0..<count { y[index] = relu(y[index]) }
    case .gate(let gate):
      guard let reference else { return }
      let r = reference + start
      for index in 0..<count { y[index] = gate(y[index], r[index]) }
    }
  }
}

import Tensor

/// activation(layer + bias + residual), applied to each image while it is still in the cache.
///
/// Inputs: the layer's two, then those of bias, residual and gate reference that are present, in this order.
package struct FusedLayer: FusedOperator {
  package static let name = "fused-layer"

  package enum Layer: Hashable {
    case conv2d(Conv2D)
    case conv2dInputGradient(Conv2DInputGradient)
    case matrixProduct(MatrixProduct)
  }

  package enum Activation: Hashable {
    case none
    case relu(ReLU)
    case clip(Clip)
    case gate(Gate)
    case silu
    case gelu
  }

  package let layer: Layer
  /// One number per channel (convolutions) or column (matrix product).
  package var bias = false
  /// Of the output's shape.
  package var residual = false
  package var activation = Activation.none

  /// The layer by itself.
  package var operation: any Operator {
    switch layer {
    case .conv2d(let conv): conv
    case .conv2dInputGradient(let conv): conv
    case .matrixProduct(let product): product
    }
  }

  package func isBias(_ shape: Shape, output: Shape) -> Bool {
    let axis = if case .matrixProduct = layer { output.rank - 1 } else { 1 }
    guard shape.count == output[axis] else { return false }
    let padded = [Int](repeating: 1, count: max(0, output.rank - shape.rank)) + shape.dimensions
    return padded.count == output.rank && padded[axis] == output[axis]
  }

  package func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
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
}

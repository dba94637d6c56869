import Graph
import Tensor

/// Arithmetic on integers that are known when the graph is built.
extension NodeContext {
  /// Applies `operation` elementwise with NumPy's broadcasting.
  /// - Throws: `ONNXImportError.node` where shapes do not broadcast, or a result is not a 64-bit integer.
  func combine(
    _ inputs: [IntegerTensor], kind: ElementKind? = nil,
    _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws -> IntegerTensor {
    guard inputs.count == 2 else { throw failure("takes 2 inputs, got \(inputs.count)") }
    let (left, right) = (inputs[0], inputs[1])
    let shape = try broadcastShape(left.shape, right.shape)
    let (a, b) = (indices(of: left.shape, over: shape), indices(of: right.shape, over: shape))
    var values: [Int] = []
    values.reserveCapacity(shape.count)
    for (i, j) in zip(a, b) {
      let (value, overflow) = operation(left.values[i], right.values[j])
      guard !overflow else {
        throw failure("\(left.values[i]) and \(right.values[j]) have no result that is a 64-bit integer")
      }
      values.append(value)
    }
    return IntegerTensor(shape: shape, values: values, kind: kind ?? left.kind)
  }

  func broadcastShape(_ left: Shape, _ right: Shape) throws -> Shape {
    let rank = max(left.rank, right.rank)
    func extent(_ shape: Shape, _ axis: Int) -> Int {
      let own = axis - (rank - shape.rank)
      return own < 0 ? 1 : shape[own]
    }
    let extents = try (0..<rank).map { axis in
      let (a, b) = (extent(left, axis), extent(right, axis))
      guard a == b || a == 1 || b == 1 else { throw failure("the shapes \(left) and \(right) do not broadcast") }
      return a == 1 ? b : a
    }
    let shape = try checkedShape(extents)
    guard shape.count < 1 << 24 else { throw failure("makes \(shape.count) integers, at most \(1 << 24) are accepted") }
    return shape
  }

  /// Which element of a tensor of shape `own` stands at each place of `shape`, to which it broadcasts.
  func indices(of own: Shape, over shape: Shape) -> [Int] {
    // Long axes beside an empty one have no elements to walk over.
    guard shape.count > 0 else { return [] }
    var indices = [0]
    let strides = own.strides
    for axis in 0..<shape.rank {
      let position = axis - (shape.rank - own.rank)
      let stride = position < 0 || own[position] == 1 ? 0 : strides[position]
      indices = indices.flatMap { start in (0..<shape[axis]).map { start + $0 * stride } }
    }
    return indices
  }
}

import Tensor

/// Integers or truth values that are known when the graph is built: shapes, indices, axes. They are exact, unlike the
/// graph's float32.
struct IntegerTensor {
  let shape: Shape
  /// Row-major; 0 and 1 for truth values.
  let values: [Int]
  var kind = ElementKind.integer

  init(shape: Shape, values: [Int], kind: ElementKind = .integer) {
    precondition(shape.count == values.count, "\(values.count) integers do not fill \(shape)")
    self.shape = shape
    self.values = values
    self.kind = kind
  }

  init(_ values: [Int]) { self.init(shape: [values.count], values: values) }

  /// As the graph's constant.
  var tensor: Tensor { Tensor(shape: shape, scalars: values.map { Float($0) }) }
}

/// What a value's elements mean. The graph computes with float32 only, in which integers and truth values are 0, 1, 2, ...
enum ElementKind {
  case real, integer, boolean
}

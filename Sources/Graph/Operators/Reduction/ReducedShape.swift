import Tensor

extension Shape {
  package func reduced(over axes: [Int]) -> Shape {
    Shape(dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
  }

  /// Whether `axes` are axes of this shape, ascending and each once.
  package func hasAxes(_ axes: [Int]) -> Bool {
    axes.allSatisfy { $0 >= 0 && $0 < rank } && zip(axes, axes.dropFirst()).allSatisfy { $0 < $1 }
  }
}

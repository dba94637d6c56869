/// The extents of a tensor, outermost first; `[]` is a scalar.
public struct Shape: Sendable, Hashable, CustomStringConvertible, ExpressibleByArrayLiteral {
  public let dimensions: [Int]
  /// Number of elements.
  public let count: Int

  /// - Precondition: no extent is negative and their product does not overflow. Sizes that come from a file are checked
  ///   with `init(checking:)`.
  public init(_ dimensions: [Int]) {
    guard let shape = Shape(checking: dimensions) else {
      preconditionFailure("\(dimensions) are not the extents of a tensor")
    }
    self = shape
  }

  public init(arrayLiteral elements: Int...) {
    self.init(elements)
  }

  /// Nil where an extent is negative or the element count overflows.
  public init?(checking dimensions: [Int]) {
    // Empty axes count as 1 here, so that strides and the counts of some of the axes cannot overflow either.
    var product = 1
    var isEmpty = false
    for extent in dimensions {
      let (next, overflow) = product.multipliedReportingOverflow(by: max(1, extent))
      guard extent >= 0, !overflow else { return nil }
      product = next
      isEmpty = isEmpty || extent == 0
    }
    self.dimensions = dimensions
    count = isEmpty ? 0 : product
  }

  @inlinable public var rank: Int { dimensions.count }

  @inlinable public subscript(axis: Int) -> Int { dimensions[axis] }

  /// Row-major strides in elements.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * dimensions[axis + 1]
    }
    return strides
  }

  /// The shape without its first axis: of one image, for `[N, C, H, W]`.
  public var droppingFirst: Shape { Shape(Array(dimensions.dropFirst())) }

  /// `[extent] + self`.
  public func prepending(_ extent: Int) -> Shape { Shape([extent] + dimensions) }

  public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}

/// Where a tensor's elements lie in its storage: element `(i_0, …, i_k)` is at `offset + Σ i_d * strides[d]`.
///
/// A value of this type has been checked: no index it can produce lies outside the storage, and no size overflows.
struct TensorLayout: Sendable, Equatable {
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  let elementCount: Int

  /// Row-major, from the start of the storage.
  static func contiguous(shape: [Int], storageElements: Int) throws(LayoutProblem) -> TensorLayout {
    try TensorLayout(
      offset: 0, shape: shape, strides: rowMajorStrides(shape), storageElements: storageElements)
  }

  /// Checks a layout read from a file against the size of its storage, before anything is allocated for it.
  /// - Parameter largest: number of elements that is accepted.
  init(
    offset: Int, shape: [Int], strides: [Int], storageElements: Int, largest: Int = Limits.tensorElements
  ) throws(LayoutProblem) {
    guard shape.count == strides.count else {
      throw LayoutProblem("has \(shape.count) sizes but \(strides.count) strides, expected the same number")
    }
    guard shape.count <= Limits.dimensions else {
      throw LayoutProblem("has \(shape.count) dimensions, at most \(Limits.dimensions) are accepted")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw LayoutProblem("has shape \(shape), expected no negative size; the file is damaged")
    }
    guard let count = Self.elementCount(shape, largest: largest) else {
      throw LayoutProblem(
        "has shape \(shape), which is more than the \(largest) elements accepted; the file is damaged")
    }
    guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      throw LayoutProblem("has offset \(offset) and strides \(strides), expected none negative; the file is damaged")
    }
    if count > 0 {
      var last = offset
      var overflow = false
      for (size, stride) in zip(shape, strides) {
        let (extent, first) = (size - 1).multipliedReportingOverflow(by: stride)
        let (sum, second) = last.addingReportingOverflow(extent)
        overflow = overflow || first || second
        last = sum
      }
      guard !overflow, last < storageElements else {
        throw LayoutProblem(
          "with shape \(shape), strides \(strides) and offset \(offset) reaches beyond its storage of "
            + "\(storageElements) elements; the file is damaged")
      }
    }
    self.offset = offset
    self.shape = shape
    self.strides = strides
    elementCount = count
  }

  private init(offset: Int, shape: [Int], strides: [Int], elementCount: Int) {
    self.offset = offset
    self.shape = shape
    self.strides = strides
    self.elementCount = elementCount
  }

  /// The same elements with dimension `axes[d]` in the place of `d`.
  /// - Precondition: `axes` names each dimension once.
  func permuted(_ axes: [Int]) -> TensorLayout {
    precondition(axes.sorted() == Array(shape.indices), "each dimension once")
    return TensorLayout(
      offset: offset, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] }, elementCount: elementCount)
  }

  /// The product of the sizes, nil where it is more than is accepted. A size of 0 does not excuse an absurd other one.
  static func elementCount(_ shape: [Int], largest: Int = Limits.tensorElements) -> Int? {
    var nonZero = 1
    for size in shape where size > 0 {
      let (product, overflow) = nonZero.multipliedReportingOverflow(by: size)
      guard !overflow, product <= largest else { return nil }
      nonZero = product
    }
    return shape.contains(0) ? 0 : nonZero
  }

  /// Strides of a row-major tensor. Products wrap; they are only meaningful for shapes that `elementCount` accepts.
  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for dimension in shape.indices.dropLast().reversed() {
      strides[dimension] = strides[dimension + 1] &* max(shape[dimension + 1], 1)
    }
    return strides
  }

  /// The same elements in the same order with as few dimensions as possible: sizes of 1 dropped, neighbours that
  /// follow each other without a gap merged. A contiguous tensor ends with at most one dimension of stride 1.
  var collapsed: (sizes: [Int], strides: [Int]) {
    var sizes: [Int] = []
    var steps: [Int] = []
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let outerStep = steps.last, outerStep == stride &* size {
        sizes[sizes.count - 1] *= size
        steps[steps.count - 1] = stride
      } else {
        sizes.append(size)
        steps.append(stride)
      }
    }
    return (sizes, steps)
  }
}

/// What is wrong with a layout, to be put after the tensor's name.
struct LayoutProblem: Error {
  let text: String
  init(_ text: String) { self.text = text }
}

/// A dense float32 array in row-major order, with value semantics.
///
/// Images are `[N, C, H, W]`, logits `[N, K]`. There is deliberately no arithmetic here: networks compute through `Graph`.
public struct Tensor: Sendable, Equatable {
  public let shape: Shape
  /// Row-major. Their number stays that of the shape.
  public var scalars: [Float] {
    get { storage }
    // In place: a `didSet` would copy all of them for every element that is written.
    _modify {
      defer { precondition(storage.count == shape.count, "\(storage.count) scalars do not fill \(shape)") }
      yield &storage
    }
  }

  private var storage: [Float]

  /// - Precondition: `scalars.count == shape.count`.
  public init(shape: Shape, scalars: [Float]) {
    precondition(scalars.count == shape.count, "\(scalars.count) scalars do not fill \(shape)")
    self.shape = shape
    storage = scalars
  }

  public init(shape: Shape, repeating value: Float) {
    self.init(shape: shape, scalars: [Float](repeating: value, count: shape.count))
  }

  /// A tensor that `initialize` fills completely.
  public init(shape: Shape, initializingWith initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    self.shape = shape
    let count = shape.count
    storage = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try initialize(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// Extent of the first axis: the number of images.
  public var batch: Int { shape.rank == 0 ? 1 : shape[0] }

  /// Elements of one item along the first axis.
  public var stride: Int { batch == 0 ? shape.droppingFirst.count : scalars.count / batch }

  /// Items `range` along the first axis.
  public subscript(batch range: Range<Int>) -> Tensor {
    let stride = self.stride
    return Tensor(
      shape: shape.droppingFirst.prepending(range.count),
      scalars: Array(scalars[range.lowerBound * stride..<range.upperBound * stride]))
  }

  /// The scalars of item `index` along the first axis.
  public func item(_ index: Int) -> ArraySlice<Float> {
    scalars[index * stride..<(index + 1) * stride]
  }

  /// The same scalars in another shape.
  /// - Precondition: the counts agree.
  public func reshaped(to shape: Shape) -> Tensor {
    Tensor(shape: shape, scalars: scalars)
  }

  /// Stacks tensors of equal item shape along the first axis.
  public static func concatenating(_ tensors: [Tensor]) -> Tensor {
    guard let first = tensors.first else { return Tensor(shape: [0], scalars: []) }
    let item = first.shape.droppingFirst
    precondition(tensors.allSatisfy { $0.shape.droppingFirst == item }, "items of different shape")
    var scalars: [Float] = []
    scalars.reserveCapacity(tensors.reduce(0) { $0 + $1.scalars.count })
    for tensor in tensors { scalars.append(contentsOf: tensor.scalars) }
    return Tensor(shape: item.prepending(tensors.reduce(0) { $0 + $1.batch }), scalars: scalars)
  }
}

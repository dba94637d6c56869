/// A dense float32 array in row-major order, with value semantics.
///
/// Images are `[N, C, H, W]`, logits `[N, K]`. There is deliberately no arithmetic here: networks compute through `Graph`.
public struct Tensor: Sendable, Equatable {
  public let shape: Shape
  /// Row-major. Their number stays that of the shape. Where there is a source, all are read at each call.
  public var scalars: [Float] {
    get { if let source { read(source) } else { storage } }
    // In place: a `didSet` would copy all of them for every element that is written.
    _modify {
      if let source { (storage, self.source) = (read(source), nil) }
      defer { precondition(storage.count == shape.count, "\(storage.count) scalars do not fill \(shape)") }
      yield &storage
    }
  }

  /// Where the numbers are read, nil where they are in memory.
  package private(set) var source: TensorSource?
  /// Empty where there is a source.
  private var storage: [Float]

  /// - Precondition: `scalars.count == shape.count`.
  public init(shape: Shape, scalars: [Float]) {
    precondition(scalars.count == shape.count, "\(scalars.count) scalars do not fill \(shape)")
    self.shape = shape
    storage = scalars
  }

  /// A tensor that is read when it is asked for.
  public init(shape: Shape, source: TensorSource) {
    self.shape = shape
    self.source = source
    storage = []
  }

  private func read(_ source: TensorSource) -> [Float] {
    let numbers = source.numbers()
    precondition(numbers.count == shape.count, "\(numbers.count) scalars do not fill \(shape)")
    return numbers
  }

  public static func == (left: Tensor, right: Tensor) -> Bool {
    guard left.shape == right.shape else { return false }
    if let source = left.source, source === right.source { return true }
    return left.scalars == right.scalars
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
  public var stride: Int { batch == 0 ? shape.droppingFirst.count : shape.count / batch }

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
    guard let source else { return Tensor(shape: shape, scalars: scalars) }
    precondition(shape.count == self.shape.count, "\(self.shape.count) scalars do not fill \(shape)")
    return Tensor(shape: shape, source: source)
  }

  /// Whether no scalar is infinite or NaN.
  package var isFinite: Bool { !scalars.withUnsafeBytes { $0.hasNaN { $0 - $0 } } }

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

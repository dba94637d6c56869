import Tensor

/// A family of networks that is recognised from the names and shapes of its tensors and written down as layers.
protocol Architecture: Sendable {
  /// What `--arch` calls the family's members, for lists.
  static var names: [String] { get }
  static var summary: String { get }

  /// The network these tensors belong to, nil where they are not this family's.
  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork?
}

struct RecognisedNetwork: Sendable {
  /// Such as `"resnet18"`.
  let name: String
  /// With `ReLU` activations; a variant replaces them.
  let layers: [Layer]
  /// `[C, H, W]` that the network expects unless the task says otherwise; nil where tensors do not tell.
  let inputShape: Shape?
}

/// Names and shapes of a checkpoint's tensors.
struct TensorShapes: Sendable {
  private let shapes: [String: [Int]]
  let names: [String]

  init(_ weights: WeightSource) {
    names = weights.names
    shapes = Dictionary(names.compactMap { name in weights.shape(name).map { (name, $0) } }) { first, _ in first }
  }

  subscript(name: String) -> [Int]? { shapes[name] }

  func has(_ name: String) -> Bool { shapes[name] != nil }

  /// Extent `axis` of a tensor of known rank, nil otherwise.
  func extent(_ name: String, _ axis: Int, rank: Int = 4) -> Int? {
    guard let shape = shapes[name], shape.count == rank else { return nil }
    return shape[axis]
  }

  /// How many consecutive indices from 0 (or `from`) there are for which `name(index)` exists.
  func count(from: Int = 0, _ name: (Int) -> String) -> Int {
    var index = from
    while has(name(index)) { index += 1 }
    return index - from
  }
}

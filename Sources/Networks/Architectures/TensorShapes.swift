import Graph
import Tensor

/// Names and shapes of a checkpoint's tensors, and the size of the images where it is known.
struct TensorShapes: Sendable {
  private let shapes: [String: [Int]]
  let names: [String]
  /// `[C, H, W]`.
  let imageShape: Shape?

  init(_ weights: WeightSource, imageShape: Shape?) {
    names = weights.names
    shapes = Dictionary(names.compactMap { name in weights.shape(name).map { (name, $0) } }) { first, _ in first }
    self.imageShape = imageShape
  }

  subscript(name: String) -> [Int]? { shapes[name] }

  func has(_ name: String) -> Bool { shapes[name] != nil }

  /// Extent `axis` of a tensor of known rank, nil otherwise.
  func extent(_ name: String, _ axis: Int, rank: Int = 4) -> Int? {
    guard let shape = shapes[name], shape.count == rank, Shape(checking: shape)?.isExecutable == true else {
      return nil
    }
    return shape[axis]
  }

  /// The weights `[K, C, h, w]` of a convolution.
  func convolution(_ name: String) throws(Misfit) -> [Int] {
    guard let shape = shapes["\(name).weight"] else { throw .missing(tensor: "\(name).weight") }
    guard shape.count == 4, shape.allSatisfy({ $0 > 0 }), Shape(checking: shape)?.isExecutable == true else {
      throw .unfit("`\(name).weight` has shape \(shape), expected that of a convolution")
    }
    return shape
  }

  /// How many consecutive indices, from `first`, follow `prefix` in names. Where one is left out, the tensors of that index
  /// are missing: it is counted, so that whoever asks for them says so.
  func count(after prefix: String, from first: Int = 0) -> Int {
    let indices = indices(after: prefix).filter { $0 >= first }
    let contiguous = (first...).prefix { indices.contains($0) }.count
    return contiguous == indices.count ? contiguous : contiguous + 1
  }

  /// The numbers that follow `prefix` in names, to the next dot: those of modules in a list, which have at most four digits.
  func indices(after prefix: String) -> Set<Int> {
    Set(
      names.lazy.filter { $0.hasPrefix(prefix) }
        .compactMap { name in
          let digits = name.dropFirst(prefix.count).prefix { $0 != "." }
          return digits.count <= 4 && digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
        })
  }

  /// Whether normalisation layers have a scale and a shift: all of a network's do, or none.
  var hasAffineNormalisation: Bool {
    names.contains { $0.hasSuffix(".running_mean") && has($0.dropLast("running_mean".count) + "weight") }
  }

  /// Whether a convolution has a bias: those of the same place in a block do, or none.
  func hasBias(_ convolution: String) -> Bool {
    guard let place = convolution.split(separator: ".").last, place.count < convolution.count else {
      return has("\(convolution).bias")
    }
    return names.contains { $0.hasSuffix(".\(place).bias") }
  }

  /// Where both residual forms have the same names: whether the blocks' first normalisation stands before their first
  /// convolution. A block that widens tells by its width.
  var normalisesFirst: Bool {
    guard let norm = extent("layer2.0.bn1.running_mean", 0, rank: 1),
      let input = extent("layer2.0.conv1.weight", 1), let output = extent("layer2.0.conv1.weight", 0), input != output
    else { return !has("bn1.running_mean") }
    return norm == input
  }

  private func has(_ name: Substring) -> Bool { has(String(name)) }
}

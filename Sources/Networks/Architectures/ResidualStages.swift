import Tensor

/// What the residual families share: stages `layer1`, `layer2`, ... of equal blocks, the first of each but the first with
/// stride 2.
struct ResidualStages {
  /// Blocks of each stage.
  let counts: [Int]
  /// Blocks of three convolutions, 1x1, 3x3 and 1x1, rather than two 3x3.
  let isBottleneck: Bool

  init(_ tensors: TensorShapes) {
    let stages = tensors.count(after: "layer", from: 1)
    counts = (0..<stages).map { tensors.count(after: "layer\($0 + 1).") }
    isBottleneck = tensors.names.contains { $0.hasPrefix("layer") && $0.hasSuffix(".conv3.weight") }
  }

  private static let knownBasic = [[1, 1, 1, 1], [2, 2, 2, 2], [3, 4, 6, 3]]
  private static let knownBottleneck = [[2, 2, 2, 2], [3, 4, 6, 3], [3, 4, 23, 3], [3, 8, 36, 3]]

  private static func depth(_ counts: [Int], isBottleneck: Bool) -> Int {
    counts.reduce(0, +) * (isBottleneck ? 3 : 2) + 2
  }

  /// Whether a known network has so many weighted layers: three equal stages, or one of the lists.
  static func isDepth(_ digits: Substring) -> Bool {
    guard let depth = Int(digits) else { return false }
    let listed =
      knownBasic.map { Self.depth($0, isBottleneck: false) }
      + knownBottleneck.map { Self.depth($0, isBottleneck: true) }
    return listed.contains(depth) || (depth > 2 && ((depth - 2) % 6 == 0 || (depth - 2) % 9 == 0))
  }

  /// Number of weighted layers, which names the network.
  /// - Throws: `Misfit` for stages of no known network: blocks may be missing.
  func depth() throws(Misfit) -> Int {
    let known = isBottleneck ? Self.knownBottleneck : Self.knownBasic
    guard known.contains(counts) || (counts.count == 3 && Set(counts).count == 1) else {
      throw .unfit(
        "its stages have \(counts.map(String.init).joined(separator: ", ")) "
          + "\(isBottleneck ? "bottleneck" : "basic") blocks, known are \(known) and three of equal length; "
          + "are tensors missing?")
    }
    return Self.depth(counts, isBottleneck: isBottleneck)
  }

  /// Name and stride of every block, in order.
  var blocks: [(name: String, stride: Int)] {
    counts.enumerated().flatMap { stage, count in
      (0..<count).map { ("layer\(stage + 1).\($0)", stage > 0 && $0 == 0 ? 2 : 1) }
    }
  }
}

extension TensorShapes {
  /// The name of the linear layer.
  var residualHead: String { has("linear.weight") ? "linear" : "fc" }

  /// The layers after the last block, and the images they fit where nobody says how large they are.
  ///
  /// Code for CIFAR averages over windows as large as the last map of a 32x32 image. On larger images that leaves k x k
  /// windows, which the linear layer's width tells.
  /// - Parameters:
  ///   - channels: of the last map.
  ///   - halvings: how often its extent was halved, rounding up.
  func residualTail(
    _ head: String, channels: Int, inputChannels: Int, halvings: Int
  ) throws(Misfit) -> (layers: [Layer], inputShape: Shape) {
    let features = extent("\(head).weight", 1, rank: 2) ?? channels
    let end: [Layer] = [.flatten, .linear(head, bias: true)]
    guard let windows = (2...16).first(where: { $0 * $0 * channels == features }) else {
      return ([.globalAveragePool] + end, [inputChannels, 32, 32])
    }
    let images = imageShape ?? [inputChannels, 32 * windows, 32 * windows]
    let map = Self.map(of: images, halvings: halvings)
    guard map.count == 2, map.allSatisfy({ $0 % windows == 0 }) else {
      throw .unfit(
        "`\(head).weight` reads \(windows) x \(windows) averages of \(channels) channels, but images of shape \(images) "
          + "leave a map of \(map.map(String.init).joined(separator: " x "))")
    }
    return ([.averagePool(map.map { $0 / windows })] + end, images)
  }

  /// Height and width of the last map, where the size of the images is known.
  func lastMap(halvings: Int) -> [Int]? { imageShape.map { Self.map(of: $0, halvings: halvings) } }

  private static func map(of images: Shape, halvings: Int) -> [Int] {
    images.dimensions.suffix(2).map { extent in (0..<halvings).reduce(extent) { half, _ in (half + 1) / 2 } }
  }
}

import Tensor

/// Residual networks with post-activation blocks (He et al., "Deep Residual Learning", 2016):
/// the CIFAR ones of that paper's section 4.2 (three stages, parameter-free "option A" shortcuts), the CIFAR versions of
/// the ImageNet ones (3x3 stem, `linear`; the ones this benchmark's paper trains), and torchvision's (7x7 stem, `fc`). Any of them may be
/// wide (Zagoruyko and Komodakis 2016), and those with bottlenecks may have groups (ResNeXt, Xie et al. 2017).
///
/// torchvision's with a 3x3 stem are used both with and without its max pool, which no tensor tells. Nor does any tell, on images that
/// leave a last map of 5 to 7, whether the CIFAR versions average over all of it or over its first 4 x 4 as their usual code does
/// (`avg_pool2d(4)`, which leaves out the rest): the paper's network for 56 x 28 sees rows 0 to 3 of 7.
enum ResNet: Architecture {
  static let family = "resnet"
  static let names = [
    "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet18", "resnet34", "resnet50",
    "resnet18-imagenet", "resnet34-imagenet", "resnet50-imagenet", "resnet18-maxpool", "resnet34-maxpool",
    "resnet50-maxpool", "resnet18-window4",
  ]
  static let summary =
    "residual networks: He et al.'s CIFAR ones, their 3x3-stem and torchvision's 7x7-stem forms, also wide or with groups (resnext...)"
  static let marks = [
    ["conv1.weight"], ["bn1.running_mean"], ["layer1.0.conv1.weight"], ["layer1.0.bn1.running_mean"],
    ["linear.weight", "fc.weight"],
  ]

  private static let windowSuffix = "-window4"

  static func isMember(_ name: String) -> Bool {
    guard let match = name.wholeMatch(of: /resnex?t([0-9]{1,4})(-imagenet|-maxpool|-window4)?/) else { return false }
    return ResidualStages.isDepth(match.1)
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    guard !tensors.normalisesFirst else { return [] }
    let stem = try tensors.convolution("conv1")
    let stages = ResidualStages(tensors)
    let projection = try projection(tensors, stages)
    let head = tensors.residualHead
    let isTorchvision = projection == "downsample" && stages.counts.count == 4 && head == "fc"
    guard stem[2] == stem[3], stem[2] == 3 || (stem[2] == 7 && isTorchvision) else {
      throw .unfit(
        "its first convolution is \(stem[2]) x \(stem[3]); known are 3 x 3 and, with torchvision's names, 7 x 7")
    }
    // All blocks have as many groups.
    let groups = stages.isBottleneck ? try groups(of: stages.blocks.last?.name ?? "", tensors) : 1
    var blocks: [Layer] = []
    var channels = stem[0]
    for (name, stride) in stages.blocks {
      blocks += try block(
        name, tensors, stages, stride: stride, groups: groups, channels: &channels, projection: projection)
    }
    let depth = try stages.depth()
    let isLarge = stem[2] == 7
    let kind = groups > 1 ? "resnext" : "resnet"
    func network(_ suffix: String, pools: Bool, distinction: String = "") throws(Misfit) -> RecognisedNetwork {
      let halvings = stages.counts.count - 1 + (isLarge ? 1 : 0) + (pools ? 1 : 0)
      let tail = try tensors.residualTail(head, channels: channels, inputChannels: stem[1], halvings: halvings)
      let entry: [Layer] = [
        .conv("conv1", tensors, stride: isLarge ? 2 : 1, padding: stem[2] / 2), .batchNorm("bn1", tensors), .relu,
      ]
      let pool: [Layer] = pools ? [.maxPool(3, stride: 2, padding: 1)] : []
      return RecognisedNetwork(
        name: "\(kind)\(depth)\(suffix)", layers: entry + pool + blocks + tail.layers,
        inputShape: isLarge ? [stem[1], 224, 224] : tail.inputShape, distinction: distinction)
    }
    if isLarge { return [try network("-imagenet", pools: true)] }
    // The linear layer's name is not enough: code that replaced it kept or dropped the pool as well.
    guard projection == "downsample", stages.counts.count == 4 else {
      var whole = try network("", pools: false)
      guard stages.counts.count == 4, let map = tensors.lastMap(halvings: 3), map != [4, 4],
        map.allSatisfy({ (4..<8).contains($0) }), let pool = whole.layers.lastIndex(of: .globalAveragePool)
      else { return [whole] }
      var window = RecognisedNetwork(
        name: whole.name + windowSuffix, layers: whole.layers, inputShape: whole.inputShape)
      window.layers[pool] = .averagePool([4, 4])
      whole.distinction = "an average over the whole last map of \(map[0]) x \(map[1])"
      window.distinction = "an average over its first 4 x 4"
      return [whole, window]
    }
    return [
      try network("", pools: false, distinction: "no max pool after the first convolution"),
      try network("-maxpool", pools: true, distinction: "a 3 x 3 max pool with stride 2 after it"),
    ]
  }

  /// What the projections of shortcuts are called, nil where the network has none.
  private static func projection(_ tensors: TensorShapes, _ stages: ResidualStages) throws(Misfit) -> String? {
    let used = ["shortcut", "downsample"].filter { name in
      tensors.names.contains { $0.hasPrefix("layer") && $0.contains(".\(name).") }
    }
    switch used.count {
    case 1: return used[0]
    case 2: throw .unfit("some projections are called `shortcut`, others `downsample`")
    default:
      // Only section 4.2's networks do without.
      guard stages.counts.count == 3, !stages.isBottleneck else { throw .missing(tensor: "layer2.0.shortcut.0.weight") }
      return nil
    }
  }

  private static func block(
    _ name: String, _ tensors: TensorShapes, _ stages: ResidualStages, stride: Int, groups: Int,
    channels: inout Int, projection: String?
  ) throws(Misfit) -> [Layer] {
    let width = try tensors.convolution("\(name).\(stages.isBottleneck ? "conv3" : "conv2")")[0]
    func conv(_ place: String, stride: Int = 1, padding: Int = 0, groups: Int = 1) -> Layer {
      var layer = Layer.conv("\(name).\(place)", tensors, stride: stride, padding: padding)
      if groups > 1 { layer.groups = groups }
      return layer
    }
    func norm(_ place: String) -> Layer { .batchNorm("\(name).\(place)", tensors) }
    let main: [Layer] =
      stages.isBottleneck
      ? [
        conv("conv1"), norm("bn1"), .relu,
        conv("conv2", stride: stride, padding: 1, groups: groups), norm("bn2"), .relu,
        conv("conv3"), norm("bn3"),
      ]
      : [conv("conv1", stride: stride, padding: 1), norm("bn1"), .relu, conv("conv2", padding: 1), norm("bn2")]
    var shortcut: [Layer] = []
    let changesShape = stride != 1 || width != channels
    if let projection {
      if changesShape || tensors.has("\(name).\(projection).0.weight") {
        shortcut = [conv("\(projection).0", stride: stride), norm("\(projection).1")]
      }
    } else if changesShape {
      guard width >= channels, (width - channels) % 2 == 0 else {
        throw .unfit("`\(name)` goes from \(channels) to \(width) channels without a projection")
      }
      shortcut = .optionA(stride: stride, extraChannels: width - channels)
    }
    channels = width
    return [.residual(main, shortcut: shortcut), .relu]
  }

  /// Of a bottleneck's second convolution, which reads what the first makes.
  private static func groups(of block: String, _ tensors: TensorShapes) throws(Misfit) -> Int {
    let (inputs, read) = (try tensors.convolution("\(block).conv1")[0], try tensors.convolution("\(block).conv2")[1])
    guard inputs % read == 0 else {
      throw .unfit("`\(block).conv2.weight` reads \(read) channels of each group, which do not divide \(inputs)")
    }
    return inputs / read
  }

  // Section 4.2's three stages, or the four stages of basic blocks with projections.
  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? {
    let isWindowed = name.hasSuffix(windowSuffix)
    guard let depth = Int(name.dropFirst("resnet".count).dropLast(isWindowed ? windowSuffix.count : 0)) else {
      return nil
    }
    let large = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3]][depth]
    guard let counts = large ?? (depth > 2 && (depth - 2) % 6 == 0 ? Array(repeating: (depth - 2) / 6, count: 3) : nil)
    else { return nil }
    guard !isWindowed || large != nil else { return nil }
    var channels = size.width ?? (large == nil ? 16 : 64)
    var tensors = FreshTensors()
    tensors.convolution("conv1", size.inputShape[0], channels)
    tensors.batchNorm("bn1", channels)
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        let outputs = stage > 0 && index == 0 ? 2 * channels : channels
        tensors.residualBlock(
          "layer\(stage + 1).\(index)", channels, outputs, projects: large != nil && outputs != channels)
        channels = outputs
      }
    }
    tensors.linear("linear", channels, size.classCount)
    return tensors
  }
}

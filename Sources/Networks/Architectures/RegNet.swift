import Tensor

/// RegNetX and RegNetY (Radosavovic et al., "Designing Network Design Spaces", 2020) with torchvision's or timm's names, of any widths and depths.
enum RegNet: Architecture {
  static let family = "regnet"
  static let names = [
    "regnetx-400mf", "regnetx-800mf", "regnetx-1.6gf", "regnety-400mf", "regnety-800mf", "regnety-1.6gf",
  ]
  static let summary = "RegNetX and, with squeeze and excitation, RegNetY, with torchvision's or timm's names"
  static let marks = [
    ["stem.0.weight", "stem.conv.weight"], ["stem.1.running_mean", "stem.bn.running_mean"],
    ["trunk_output.block1.block1-0.f.a.0.weight", "s1.b1.conv1.conv.weight"], ["fc.weight", "head.fc.weight"],
  ]

  /// By the blocks and the width of the last stage of each.
  private static let published = [
    "regnetx-1-2-7-12-w400": "regnetx-400mf", "regnetx-1-3-7-5-w672": "regnetx-800mf",
    "regnetx-2-4-10-2-w912": "regnetx-1.6gf", "regnety-1-3-6-6-w440": "regnety-400mf",
    "regnety-1-3-8-2-w784": "regnety-800mf", "regnety-2-6-17-2-w888": "regnety-1.6gf",
  ]

  static func isMember(_ name: String) -> Bool {
    names.contains(name) || name.wholeMatch(of: /regnet[xy](-[0-9]{1,4}){4}-w[0-9]{1,5}/) != nil
  }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let spelling: Spelling = tensors.has("stem.conv.weight") ? .timm : .torchvision
    let stem = try tensors.convolution("stem.\(spelling.convolution)")
    let counts = (1...4).map { tensors.count(after: spelling.stage($0), from: spelling.first) }
    if let empty = counts.firstIndex(of: 0) {
      throw .missing(
        tensor: "\(spelling.stage(empty + 1))\(spelling.first).\(spelling.bottleneck[0]).\(spelling.convolution).weight"
      )
    }
    var layers = spelling.unit("stem", tensors, stride: 2, padding: stem[2] / 2) + [.relu]
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        layers += try block(
          "\(spelling.stage(stage + 1))\(spelling.first + index)", spelling, tensors, stride: index == 0 ? 2 : 1)
      }
    }
    let isY = tensors.names.contains { $0.contains(".\(spelling.excitation).") }
    let last = "\(spelling.stage(4))\(spelling.first).\(spelling.bottleneck[2]).\(spelling.convolution)"
    let width = try tensors.convolution(last)[0]
    let name = "regnet\(isY ? "y" : "x")-\(counts.map(String.init).joined(separator: "-"))-w\(width)"
    return [
      RecognisedNetwork(
        name: published[name] ?? name,
        layers: layers + [.globalAveragePool, .flatten, .linear(spelling.head, bias: true)],
        inputShape: [stem[1], 224, 224])
    ]
  }

  /// A bottleneck of grouped convolutions; the first of a stage projects its shortcut.
  private static func block(
    _ name: String, _ spelling: Spelling, _ tensors: TensorShapes, stride: Int
  ) throws(Misfit) -> [Layer] {
    let parts = spelling.bottleneck.map { "\(name).\($0)" }
    let width = try tensors.convolution("\(parts[0]).\(spelling.convolution)")[0]
    let grouped = try tensors.convolution("\(parts[1]).\(spelling.convolution)")
    guard width % grouped[1] == 0 else {
      throw .unfit(
        "`\(parts[1]).\(spelling.convolution).weight` reads \(grouped[1]) channels of each group, which do not divide \(width)"
      )
    }
    let isExcited = tensors.names.contains { $0.contains(".\(spelling.excitation).") }
    let gate = "\(name).\(spelling.excitation)"
    let excitation: [Layer] = [
      .globalAveragePool, .conv("\(gate).fc1", bias: true), .relu, .conv("\(gate).fc2", bias: true), Layer("Sigmoid"),
    ]
    let main =
      spelling.unit(parts[0], tensors) + [.relu]
      + spelling.unit(parts[1], tensors, stride: stride, padding: grouped[2] / 2, groups: width / grouped[1])
      + [.relu] + (isExcited ? [Layer("Multiply") { $0.branches = [[], excitation] }] : [])
      + spelling.unit(parts[2], tensors)
    let shortcut = "\(name).\(spelling.shortcut)"
    let projects = stride != 1 || tensors.names.contains { $0.hasPrefix("\(shortcut).") }
    return [
      .residual(main, shortcut: projects ? spelling.unit(shortcut, tensors, stride: stride) : []), .relu,
    ]
  }

  /// What the tensors are called.
  private struct Spelling: Sendable {
    /// In front of the number of a block, of which the first is `first`.
    var stage: @Sendable (_ stage: Int) -> String
    var first: Int
    var convolution: String
    var norm: String
    var bottleneck: [String]
    var excitation: String
    var shortcut: String
    var head: String

    static let torchvision = Spelling(
      stage: { "trunk_output.block\($0).block\($0)-" }, first: 0, convolution: "0", norm: "1",
      bottleneck: ["f.a", "f.b", "f.c"], excitation: "f.se", shortcut: "proj", head: "fc")
    static let timm = Spelling(
      stage: { "s\($0).b" }, first: 1, convolution: "conv", norm: "bn", bottleneck: ["conv1", "conv2", "conv3"],
      excitation: "se", shortcut: "downsample", head: "head.fc")

    func unit(
      _ name: String, _ tensors: TensorShapes, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) -> [Layer] {
      [
        .conv("\(name).\(convolution)", stride: stride, padding: padding, groups: groups, bias: false),
        .batchNorm("\(name).\(norm)", tensors),
      ]
    }
  }
}

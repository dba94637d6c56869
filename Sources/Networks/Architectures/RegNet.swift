import Tensor

/// RegNetX and RegNetY (Radosavovic et al., "Designing Network Design Spaces", 2020) with torchvision's names, of any widths and depths.
enum RegNet: Architecture {
  static let family = "regnet"
  static let names = [
    "regnetx-400mf", "regnetx-800mf", "regnetx-1.6gf", "regnety-400mf", "regnety-800mf", "regnety-1.6gf",
  ]
  static let summary = "RegNetX and, with squeeze and excitation, RegNetY, with torchvision's names"
  static let marks = [
    ["stem.0.weight"], ["stem.1.running_mean"], ["trunk_output.block1.block1-0.f.a.0.weight"], ["fc.weight"],
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
    let stem = try tensors.convolution("stem.0")
    let counts = (1...4).map { tensors.count(after: "trunk_output.block\($0).block\($0)-") }
    if let empty = counts.firstIndex(of: 0) {
      throw .missing(tensor: "trunk_output.block\(empty + 1).block\(empty + 1)-0.f.a.0.weight")
    }
    var layers = unit("stem", tensors, stride: 2, padding: stem[2] / 2) + [.relu]
    for (stage, count) in counts.enumerated() {
      for index in 0..<count {
        layers += try block(
          "trunk_output.block\(stage + 1).block\(stage + 1)-\(index)", tensors, stride: index == 0 ? 2 : 1)
      }
    }
    let isY = tensors.names.contains { $0.contains(".f.se.") }
    let width = try tensors.convolution("trunk_output.block4.block4-0.f.c.0")[0]
    let name = "regnet\(isY ? "y" : "x")-\(counts.map(String.init).joined(separator: "-"))-w\(width)"
    return [
      RecognisedNetwork(
        name: published[name] ?? name, layers: layers + [.globalAveragePool, .flatten, .linear("fc", bias: true)],
        inputShape: [stem[1], 224, 224])
    ]
  }

  private static func unit(
    _ name: String, _ tensors: TensorShapes, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) -> [Layer] {
    [
      .conv("\(name).0", stride: stride, padding: padding, groups: groups, bias: false),
      .batchNorm("\(name).1", tensors),
    ]
  }

  /// A bottleneck of grouped convolutions; the first of a stage projects its shortcut.
  private static func block(_ name: String, _ tensors: TensorShapes, stride: Int) throws(Misfit) -> [Layer] {
    let width = try tensors.convolution("\(name).f.a.0")[0]
    let grouped = try tensors.convolution("\(name).f.b.0")
    guard width % grouped[1] == 0 else {
      throw .unfit("`\(name).f.b.0.weight` reads \(grouped[1]) channels of each group, which do not divide \(width)")
    }
    let isExcited = tensors.names.contains { $0.contains(".f.se.") }
    let excitation: [Layer] = [
      .globalAveragePool, .conv("\(name).f.se.fc1", bias: true), .relu, .conv("\(name).f.se.fc2", bias: true),
      Layer("Sigmoid"),
    ]
    let main =
      unit("\(name).f.a", tensors) + [.relu]
      + unit("\(name).f.b", tensors, stride: stride, padding: grouped[2] / 2, groups: width / grouped[1]) + [.relu]
      + (isExcited ? [Layer("Multiply") { $0.branches = [[], excitation] }] : []) + unit("\(name).f.c", tensors)
    let projects = stride != 1 || tensors.names.contains { $0.hasPrefix("\(name).proj.") }
    return [.residual(main, shortcut: projects ? unit("\(name).proj", tensors, stride: stride) : []), .relu]
  }
}

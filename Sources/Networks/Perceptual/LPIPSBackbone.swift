import Tensor

/// The networks whose feature maps LPIPS compares (Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of
/// Deep Features as a Perceptual Metric", CVPR 2018): the convolutions of torchvision's AlexNet (Krizhevsky 2014), VGG-16
/// (Simonyan and Zisserman 2015) and SqueezeNet 1.1 (Iandola et al. 2016), up to the last map that is compared.
package enum LPIPSBackbone: String, Sendable, CaseIterable {
  case alex
  case vgg
  case squeeze

  /// Torchvision's name.
  package var network: String {
    switch self {
    case .alex: "alexnet"
    case .vgg: "vgg16"
    case .squeeze: "squeezenet1_1"
    }
  }

  /// What is done with an image, in this order. A convolution and each of a fire module's is followed by ReLU.
  enum Step: Sendable, Equatable {
    /// Module `place` of torchvision's `features`.
    case convolution(place: Int, inputs: Int, outputs: Int, window: Int, stride: Int, padding: Int)
    /// 1 x 1 to `squeezed` channels; then 1 x 1 and 3 x 3, each to `expanded`, side by side.
    case fire(place: Int, inputs: Int, squeezed: Int, expanded: Int)
    /// Maxima; with `ceil` a last window may lie partly outside.
    case pool(window: Int, ceil: Bool)
    /// The map is compared.
    case tap
  }

  var steps: [Step] {
    switch self {
    case .alex:
      [
        .convolution(place: 0, inputs: 3, outputs: 64, window: 11, stride: 4, padding: 2), .tap,
        .pool(window: 3, ceil: false),
        .convolution(place: 3, inputs: 64, outputs: 192, window: 5, stride: 1, padding: 2), .tap,
        .pool(window: 3, ceil: false), .same(6, 192, 384), .tap, .same(8, 384, 256), .tap, .same(10, 256, 256), .tap,
      ]
    case .vgg:
      [
        .same(0, 3, 64), .same(2, 64, 64), .tap, .pool(window: 2, ceil: false),
        .same(5, 64, 128), .same(7, 128, 128), .tap, .pool(window: 2, ceil: false),
        .same(10, 128, 256), .same(12, 256, 256), .same(14, 256, 256), .tap, .pool(window: 2, ceil: false),
        .same(17, 256, 512), .same(19, 512, 512), .same(21, 512, 512), .tap, .pool(window: 2, ceil: false),
        .same(24, 512, 512), .same(26, 512, 512), .same(28, 512, 512), .tap,
      ]
    case .squeeze:
      [
        .convolution(place: 0, inputs: 3, outputs: 64, window: 3, stride: 2, padding: 0), .tap,
        .pool(window: 3, ceil: true),
        .fire(place: 3, inputs: 64, squeezed: 16, expanded: 64),
        .fire(place: 4, inputs: 128, squeezed: 16, expanded: 64), .tap, .pool(window: 3, ceil: true),
        .fire(place: 6, inputs: 128, squeezed: 32, expanded: 128),
        .fire(place: 7, inputs: 256, squeezed: 32, expanded: 128), .tap, .pool(window: 3, ceil: true),
        .fire(place: 9, inputs: 256, squeezed: 48, expanded: 192), .tap,
        .fire(place: 10, inputs: 384, squeezed: 48, expanded: 192), .tap,
        .fire(place: 11, inputs: 384, squeezed: 64, expanded: 256), .tap,
        .fire(place: 12, inputs: 512, squeezed: 64, expanded: 256), .tap,
      ]
    }
  }

  /// The modules of torchvision's `features` that are convolutions, but for those in fire modules.
  var convolutionPlaces: [Int] {
    steps.compactMap { step in
      if case .convolution(let place, _, _, _, _, _) = step { place } else { nil }
    }
  }

  /// Of the maps that are compared.
  package var channels: [Int] {
    var channels = 3
    return steps.compactMap { step in
      switch step {
      case .convolution(_, _, let outputs, _, _, _): channels = outputs
      case .fire(_, _, _, let expanded): channels = 2 * expanded
      case .pool: break
      case .tap: return channels
      }
      return nil
    }
  }

  /// Of images' height and width: below it a pooling window finds no map to stand on.
  package var smallestSide: Int {
    switch self {
    case .alex: 31
    case .vgg: 16
    case .squeeze: 17
    }
  }

  /// The tensors of the convolutions by their names behind `features.`, with their shapes.
  package var tensors: [(name: String, shape: [Int])] {
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ window: Int) -> [(String, [Int])] {
      [("\(name).weight", [outputs, inputs, window, window]), ("\(name).bias", [outputs])]
    }
    return steps.flatMap { step -> [(String, [Int])] in
      switch step {
      case .convolution(let place, let inputs, let outputs, let window, _, _):
        convolution("\(place)", inputs, outputs, window)
      case .fire(let place, let inputs, let squeezed, let expanded):
        convolution("\(place).squeeze", inputs, squeezed, 1) + convolution("\(place).expand1x1", squeezed, expanded, 1)
          + convolution("\(place).expand3x3", squeezed, expanded, 3)
      case .pool, .tap: []
      }
    }
  }
}

extension LPIPSBackbone.Step {
  /// 3 x 3, which keeps height and width.
  fileprivate static func same(_ place: Int, _ inputs: Int, _ outputs: Int) -> Self {
    .convolution(place: place, inputs: inputs, outputs: outputs, window: 3, stride: 1, padding: 1)
  }
}

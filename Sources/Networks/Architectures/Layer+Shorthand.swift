/// Short forms with which the built-in architectures are written down.
extension Layer {
  static var relu: Layer { Layer("ReLU") }
  static var flatten: Layer { Layer("Flatten") }
  static var globalAveragePool: Layer { Layer("GlobalAvgPool2d") }

  static func conv(_ name: String, stride: Int = 1, padding: Int = 0, groups: Int = 1, bias: Bool) -> Layer {
    Layer("Conv2d", name: name) {
      if stride != 1 { $0.stride = Extent([stride]) }
      if padding != 0 { $0.padding = Extent([padding]) }
      if groups != 1 { $0.groups = groups }
      $0.bias = bias
    }
  }

  /// With a bias where such convolutions of the checkpoint have one.
  static func conv(_ name: String, _ tensors: TensorShapes, stride: Int = 1, padding: Int = 0) -> Layer {
    .conv(name, stride: stride, padding: padding, bias: tensors.hasBias(name))
  }

  static func batchNorm(_ name: String, _ tensors: TensorShapes) -> Layer {
    Layer("BatchNorm2d", name: name) { $0.affine = tensors.hasAffineNormalisation }
  }

  static func linear(_ name: String, bias: Bool) -> Layer { Layer("Linear", name: name) { $0.bias = bias } }

  static func layerNorm(_ name: String, eps: Double) -> Layer {
    Layer("LayerNorm", name: name) {
      $0.eps = eps
      $0.affine = true
    }
  }

  static func averagePool(_ size: [Int]) -> Layer { Layer("AvgPool2d") { $0.kernelSize = Extent(size) } }

  static func adaptiveAveragePool(_ side: Int) -> Layer {
    Layer("AdaptiveAvgPool2d") { $0.outputSize = Extent([side]) }
  }

  static func maxPool(_ size: Int, stride: Int, padding: Int = 0) -> Layer {
    Layer("MaxPool2d") {
      $0.kernelSize = Extent([size])
      $0.stride = Extent([stride])
      if padding != 0 { $0.padding = Extent([padding]) }
    }
  }

  static func residual(_ main: [Layer], shortcut: [Layer]) -> Layer {
    Layer("Residual") {
      $0.main = main
      if !shortcut.isEmpty { $0.shortcut = shortcut }
    }
  }

  /// This layer with every `ReLU`, however deep, replaced.
  func replacingReLU(with activation: Layer) -> Layer { mapped { $0.type == "ReLU" ? activation : $0 } }
}

extension [Layer] {
  /// The parameter-free shortcut of He et al. 2016 ("option A"): every second pixel, and half of the new channels, all zero,
  /// on either side.
  static func optionA(stride: Int, extraChannels: Int) -> [Layer] {
    var layers: [Layer] = []
    if stride > 1 {
      for axis in [2, 3] {
        layers.append(
          Layer("Slice") {
            $0.axis = axis
            $0.step = stride
          })
      }
    }
    if extraChannels > 0 {
      let padding = [0, extraChannels / 2, 0, 0]
      layers.append(
        Layer("Pad") {
          $0.low = padding
          $0.high = padding
        })
    }
    return layers
  }
}

import Tensor

/// The blocks of MobileNet and EfficientNet: wider, depthwise, squeezed and excited, narrower, and what is left of these where code fuses or
/// leaves out one. What they read and make is told by the tensors; strides are the family's.
struct InvertedResiduals {
  let tensors: TensorShapes
  var activation: Layer
  /// Of squeeze and excitation: what stands in it, and its gate.
  var excitation = (activation: Layer("SiLU"), gate: Layer("Sigmoid"))
  /// Of normalisations; nil for 1e-5.
  var eps: Double?
  /// Extents of the map so far, where convolutions pad as TensorFlow does; nil where they pad alike on all sides.
  var padsAsTensorFlow: (height: Int, width: Int)?
  /// Channels of the map so far.
  private(set) var channels = 0
  private(set) var layers: [Layer] = []

  init(_ tensors: TensorShapes, activation: Layer) {
    self.tensors = tensors
    self.activation = activation
  }

  enum Part {
    /// A convolution and its normalisation.
    case unit(_ convolution: String, _ norm: String)
    /// Squeeze and excitation.
    case excitation(_ reduce: String, _ expand: String)

    /// As torchvision's `Conv2dNormActivation` names them.
    static func unit(sequence name: String) -> Part { .unit("\(name).0", "\(name).1") }
  }

  /// A convolution with its normalisation and activation, such as the stem.
  mutating func append(_ name: Part, stride: Int = 1) throws(Misfit) { try append([name], stride: stride) }

  /// A block, whose last part has no activation unless it is the only one. It is added to its input where both have one shape.
  mutating func append(_ parts: [Part], stride: Int) throws(Misfit) {
    let inputs = channels
    var main: [Layer] = []
    var stride = stride
    let isResidual = stride == 1
    for (index, part) in parts.enumerated() {
      switch part {
      case .unit(let convolution, let norm):
        let shape = try tensors.convolution(convolution)
        // The first that looks at neighbours takes it.
        let own = max(shape[2], shape[3]) > 1 || parts.count == 1 ? stride : 1
        main += try unit(convolution, norm, shape, stride: own)
        if own > 1 { stride = 1 }
        if index < parts.count - 1 || parts.count == 1 { main.append(activation) }
      case .excitation(let reduce, let expand):
        let branch: [Layer] = [
          .globalAveragePool, .conv(reduce, bias: true), excitation.activation, .conv(expand, bias: true),
          excitation.gate,
        ]
        main.append(Layer("Multiply") { $0.branches = [[], branch] })
      }
    }
    layers += isResidual && inputs == channels ? [.residual(main, shortcut: [])] : main
  }

  private mutating func unit(
    _ convolution: String, _ norm: String, _ shape: [Int], stride: Int
  ) throws(Misfit) -> [Layer] {
    guard channels == 0 || channels % shape[1] == 0 else {
      throw .unfit("`\(convolution).weight` reads \(shape[1]) channels, which do not divide \(channels)")
    }
    let groups = channels == 0 ? 1 : channels / shape[1]
    var layer = Layer.conv(convolution, stride: stride, padding: shape[2] / 2, groups: groups, bias: false)
    if let map = padsAsTensorFlow {
      let rows = Self.padding(map.height, kernel: shape[2], stride: stride)
      let columns = Self.padding(map.width, kernel: shape[3], stride: stride)
      layer.padding = Extent([rows.before, columns.before, rows.after, columns.after])
      padsAsTensorFlow = ((map.height + stride - 1) / stride, (map.width + stride - 1) / stride)
    }
    channels = shape[0]
    var normalisation = Layer.batchNorm(norm, tensors)
    normalisation.eps = eps
    return [layer, normalisation]
  }

  /// TensorFlow's "SAME": as many places as the stride divides the extent into, rounded up; what is odd goes to the end.
  private static func padding(_ extent: Int, kernel: Int, stride: Int) -> (before: Int, after: Int) {
    let places = (extent + stride - 1) / stride
    let total = max(0, (places - 1) * stride + kernel - extent)
    return (total / 2, total - total / 2)
  }
}

import Tensor

/// A tensor of a network that is yet to be trained, and how it begins.
package struct FreshTensor: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    /// Of a layer each of whose outputs sums `fanIn` products.
    case weight(fanIn: Int)
    case bias(fanIn: Int)
    /// Of a normalisation: 1.
    case scale
    /// Of a normalisation: 0.
    case shift
    /// Running statistics, which are not trained: 0 and 1.
    case runningMean
    case runningVariance
    /// PyTorch's count of batches, an integer.
    case batchCount
  }

  package let name: String
  package let shape: Shape
  package let role: Role

  package var isTrained: Bool {
    switch role {
    case .weight, .bias, .scale, .shift: true
    case .runningMean, .runningVariance, .batchCount: false
    }
  }

  /// The same under another name, beside the tensors of another network.
  package func prefixed(_ prefix: String) -> FreshTensor {
    FreshTensor(name: prefix + name, shape: shape, role: role)
  }
}

/// The tensors of a network that is yet to be trained, in the order in which PyTorch would save them.
package struct FreshTensors: Sendable {
  package private(set) var list: [FreshTensor] = []

  package init() {}

  /// `Conv2d`: weight `[outputs, inputs / groups, window, window]`.
  package mutating func convolution(
    _ name: String, _ inputs: Int, _ outputs: Int, window: Int = 3, groups: Int = 1, bias: Bool = false
  ) {
    let fanIn = inputs / groups * window * window
    add(name, "weight", [outputs, inputs / groups, window, window], .weight(fanIn: fanIn))
    if bias { add(name, "bias", [outputs], .bias(fanIn: fanIn)) }
  }

  /// `ConvTranspose2d`: weight `[inputs, outputs / groups, window, window]`. PyTorch takes the second extent for the fan-in.
  package mutating func transposedConvolution(
    _ name: String, _ inputs: Int, _ outputs: Int, window: Int, groups: Int = 1, bias: Bool = true
  ) {
    let fanIn = outputs / groups * window * window
    add(name, "weight", [inputs, outputs / groups, window, window], .weight(fanIn: fanIn))
    if bias { add(name, "bias", [outputs], .bias(fanIn: fanIn)) }
  }

  /// `Linear`: weight `[outputs, inputs]`.
  package mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true) {
    add(name, "weight", [outputs, inputs], .weight(fanIn: inputs))
    if bias { add(name, "bias", [outputs], .bias(fanIn: inputs)) }
  }

  /// `BatchNorm2d`.
  package mutating func batchNorm(_ name: String, _ channels: Int) {
    scaleAndShift(name, [channels])
    add(name, "running_mean", [channels], .runningMean)
    add(name, "running_var", [channels], .runningVariance)
    add(name, "num_batches_tracked", [], .batchCount)
  }

  /// `GroupNorm`, `InstanceNorm2d`, `LayerNorm`.
  package mutating func scaleAndShift(_ name: String, _ shape: Shape) {
    add(name, "weight", shape, .scale)
    add(name, "bias", shape, .shift)
  }

  /// Two 3x3 convolutions with normalisation, and a 1x1 one for the shortcut where it projects.
  mutating func residualBlock(_ name: String, _ inputs: Int, _ outputs: Int, projects: Bool) {
    convolution("\(name).conv1", inputs, outputs)
    batchNorm("\(name).bn1", outputs)
    convolution("\(name).conv2", outputs, outputs)
    batchNorm("\(name).bn2", outputs)
    if projects {
      convolution("\(name).shortcut.0", inputs, outputs, window: 1)
      batchNorm("\(name).shortcut.1", outputs)
    }
  }

  private mutating func add(_ layer: String, _ suffix: String, _ shape: Shape, _ role: FreshTensor.Role) {
    list.append(FreshTensor(name: layer.isEmpty ? suffix : "\(layer).\(suffix)", shape: shape, role: role))
  }
}

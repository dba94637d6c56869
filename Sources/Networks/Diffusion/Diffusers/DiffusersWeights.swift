import Checkpoints
import Tensor

/// The tensors of a diffusers network, each checked against the shape that follows from its settings, and none left over.
final class DiffusersWeights {
  let file: String
  /// Trained numbers of the whole file.
  let parameterCount: Int
  private let tensors: [String: StoredTensor]
  private var used: Set<String> = []

  /// - Throws: `CheckpointError`.
  init(_ checkpoint: CheckpointFile) throws {
    let state = try CheckpointReader.stateDict(of: checkpoint)
    file = state.file
    tensors = Dictionary(state.tensors.map { ($0.name, $0) }) { first, _ in first }
    parameterCount = state.tensors.reduce(0) { $0 + $1.elementCount }
  }

  func contains(_ name: String) -> Bool { tensors[name] != nil }

  /// - Throws: `DiffusionError.missingTensor`, `.tensorShape`, `.notFiniteWeights`, `CheckpointError`.
  func tensor(_ name: String, _ shape: Shape) throws -> Tensor {
    guard let tensor = tensors[name] else { throw DiffusionError.missingTensor(file: file, tensor: name) }
    guard tensor.shape == shape.dimensions else {
      throw DiffusionError.tensorShape(file: file, tensor: name, got: tensor.shape, expected: shape.dimensions)
    }
    let values = try tensor.floats()
    guard values.allSatisfy(\.isFinite) else { throw DiffusionError.notFiniteWeights(file: file, tensor: name) }
    used.insert(name)
    return Tensor(shape: shape, scalars: values)
  }

  /// Diffusers gives weights that a file lacks at random, and leaves out those that it does not know, with a warning: here neither is.
  /// - Throws: `DiffusionError.leftOver`.
  func requireAllUsed() throws {
    let rest = tensors.keys.filter { !used.contains($0) }.sorted()
    guard rest.isEmpty else { throw DiffusionError.leftOver(file: file, tensors: rest) }
  }

  // MARK: - Modules

  func linear(_ name: String, from inputs: Int, to outputs: Int) throws -> HostLinear {
    HostLinear(
      weights: try tensor(name + ".weight", [outputs, inputs]), bias: try tensor(name + ".bias", [outputs]))
  }

  func norm(_ name: String, channels: Int, groups: Int, epsilon: Double) throws -> GroupNormalisation {
    guard channels.isMultiple(of: groups) else {
      throw DiffusionError.invalidSetting(
        file: file, module: name, setting: "num_groups", got: "\(groups)",
        expected: "a divisor of its \(channels) channels")
    }
    return GroupNormalisation(
      name: name, groups: groups, epsilon: Float(epsilon), scale: try tensor(name + ".weight", [channels]),
      shift: try tensor(name + ".bias", [channels]))
  }

  /// - Parameter size: of the square window.
  func convolution(
    _ name: String, from inputs: Int, to outputs: Int, size: Int = 3, resampling: Resampling? = nil
  ) throws -> ResamplingConvolution {
    ResamplingConvolution(
      name: name, weights: try tensor(name + ".weight", [outputs, inputs, size, size]),
      bias: try tensor(name + ".bias", [outputs]), resampling: resampling)
  }

  /// Attention over positions. Its parts had other names until diffusers 0.15.
  /// - Parameter norm: nil where there is none before it.
  func attention(
    _ name: String, channels: Int, headChannels: Int?, norm: (groups: Int, epsilon: Double)?
  ) throws -> UNetAttention {
    let heads = channels / (headChannels ?? channels)
    guard heads > 0, channels.isMultiple(of: heads), channels / heads == headChannels ?? channels else {
      throw DiffusionError.invalidSetting(
        file: file, module: name, setting: "attention_head_dim", got: "\(headChannels ?? channels)",
        expected: "a divisor of its \(channels) channels")
    }
    func part(_ new: String, _ old: String) throws -> (weights: Tensor, bias: Tensor) {
      let place = name + "." + (contains("\(name).\(new).weight") ? new : old)
      return (
        try tensor(place + ".weight", [channels, channels]), try tensor(place + ".bias", [channels])
      )
    }
    let inputs = [try part("to_q", "query"), try part("to_k", "key"), try part("to_v", "value")]
    let output = try part("to_out.0", "proj_attn")
    return UNetAttention(
      heads: heads,
      norm: try norm.map {
        try self.norm(name + ".group_norm", channels: channels, groups: $0.groups, epsilon: $0.epsilon)
      },
      inputs: ResamplingConvolution(
        name: name + ".qkv",
        weights: Tensor(shape: [3 * channels, channels, 1, 1], scalars: inputs.flatMap(\.weights.scalars)),
        bias: Tensor(shape: [3 * channels], scalars: inputs.flatMap(\.bias.scalars))),
      projection: ResamplingConvolution(
        name: name + ".to_out.0",
        weights: Tensor(shape: [channels, channels, 1, 1], scalars: output.weights.scalars), bias: output.bias))
  }
}

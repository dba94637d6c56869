import Checkpoints
import Tensor

/// The tensors of a diffusion model's U-Net, each checked against the shape that follows from its settings, and none left over.
final class UNetWeights {
  let file: String
  /// Trained numbers of the whole file.
  let parameterCount: Int
  private let tensors: [String: StoredTensor]
  private var used: Set<String> = []

  init(_ state: StateDict) {
    file = state.file
    tensors = Dictionary(state.tensors.map { ($0.name, $0) }) { first, _ in first }
    parameterCount = state.tensors.reduce(0) { $0 + $1.elementCount }
  }

  func contains(_ name: String) -> Bool { tensors[name] != nil }

  /// nil where there is no such tensor.
  func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  var names: Dictionary<String, StoredTensor>.Keys { tensors.keys }

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

  /// Libraries give weights that a file lacks at random, and leave out those that they do not know, with a warning: here neither is.
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
}

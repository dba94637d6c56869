import Graph
import Tensor

/// A group normalisation with factors and summands of channels.
struct GroupNormalisation: Sendable {
  let name: String
  private let groups: Int
  private let epsilon: Float
  private let scale: Tensor
  private let shift: Tensor

  /// - Parameters:
  ///   - scale: one number for each channel, as is `shift`; the channels are a multiple of `groups`.
  init(name: String, groups: Int, epsilon: Float, scale: Tensor, shift: Tensor) {
    (self.name, self.groups, self.epsilon, self.scale, self.shift) = (name, groups, epsilon, scale, shift)
  }

  /// `GroupNorm` of NVlabs/edm.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ name: String, _ modules: DiffusionModules, channels: Int) throws {
    try modules.className(name, among: ["GroupNorm"])
    self.name = name
    groups = try modules.integer("num_groups", of: name, in: 1...channels)
    epsilon = Float(try modules.number("eps", of: name, in: 1e-12...1))
    guard channels.isMultiple(of: groups) else {
      throw DiffusionError.invalidSetting(
        file: modules.file, module: name, setting: "num_groups", got: "\(groups)",
        expected: "a divisor of its \(channels) channels")
    }
    scale = Tensor(shape: [channels], scalars: try modules.floats(name + ".weight", shape: [channels]))
    shift = Tensor(shape: [channels], scalars: try modules.floats(name + ".bias", shape: [channels]))
  }

  func append(to image: Graph.Value, _ graph: inout Graph) throws -> Graph.Value {
    try graph.groupNorm(
      image, groups: groups, scale: graph.constant(scale), shift: graph.constant(shift), epsilon: epsilon)
  }
}

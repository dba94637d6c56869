import Tensor

extension UNetWeights {
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

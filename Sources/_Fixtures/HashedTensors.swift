import Checkpoints

/// Weights of networks that are a hash of their place, as `fill` of Tests/Fixtures/diffusers/generate.py and `weights` of
/// Tests/Fixtures/diffusion/guided.py make them too.
enum HashedTensors {
  /// About the size that keeps a value's, factors near 1; a stream for each tensor, by the order of names.
  static func tensors(_ shapes: [String: [Int]]) -> [TensorToWrite] {
    shapes.keys.sorted().enumerated().map { stream, name in
      let shape = shapes[name] ?? []
      let count = shape.reduce(1, *)
      let numbers = LPIPSFixtures.values(stream: stream, count: count)
      guard shape.count > 1 else {
        let centre: Float = name.hasSuffix("weight") ? 1 : 0
        return TensorToWrite(name: name, shape: shape, floats: numbers.map { 0.25 * $0 + centre })
      }
      let scale = Float((3 / Double(count / shape[0])).squareRoot())
      return TensorToWrite(name: name, shape: shape, floats: numbers.map { $0 * scale })
    }
  }
}

import Networks
import Tensor

/// How weights begin.
package enum Initialisation: String, Sendable, Codable, CaseIterable {
  /// PyTorch's own: uniform within 1 / sqrt(fan-in), which is Kaiming's with a = sqrt 5, for weights and biases alike.
  case pytorch
  /// Normal of variance 2 / fan-in, biases 0 (He et al. 2015): what the study of the regimes used.
  case kaimingNormal = "kaiming-normal"

  /// The first values of `tensor`; each name is a random stream of its own.
  func values(of tensor: FreshTensor, seed: UInt64) -> [Float] {
    let count = tensor.shape.count
    let random = RandomStream(seed: seed, name: "training/initial/\(tensor.name)")
    func uniform(_ fanIn: Int) -> [Float] {
      let bound = 1 / Double(max(1, fanIn)).squareRoot()
      return random.uniforms(item: 0, count: count).map { Float((2 * $0 - 1) * bound) }
    }
    switch (self, tensor.role) {
    case (.pytorch, .weight(let fanIn)), (.pytorch, .bias(let fanIn)): return uniform(fanIn)
    case (.kaimingNormal, .weight(let fanIn)):
      let deviation = (2 / Double(max(1, fanIn))).squareRoot()
      return random.normals(item: 0, count: count).map { Float($0 * deviation) }
    case (_, .scale), (_, .runningVariance): return [Float](repeating: 1, count: count)
    case (.kaimingNormal, .bias), (_, .shift), (_, .runningMean), (_, .batchCount):
      return [Float](repeating: 0, count: count)
    }
  }
}

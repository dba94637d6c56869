import Checkpoints
import Foundation
import JSON
import Networks
import Tensor

/// Networks and images for tests of LPIPS that are the same in `Tests/Fixtures/lpips/generate.py`, whose references are float64.
package enum LPIPSFixtures {
  package struct Golden: Decodable, Sendable {
    package let network: String
    /// `[C, H, W]`.
    package let imageShape: [Int]
    /// The parts of each layer for each pair.
    package let layers: [[Double]]
  }

  package static let goldens = Result {
    let file = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/lpips/goldens.json")
    return try JSONDecoding.decode([Golden].self, from: Data(contentsOf: file), source: "goldens.json")
  }

  private static let pairs = 2

  /// Numbers of (-1, 1), odd multiples of 2^-23, that are a hash of their places.
  static func values(stream: Int, count: Int) -> [Float] {
    let offset = UInt32(truncatingIfNeeded: stream) &* 0x9E37_79B9
    return (0..<count).map { index in
      var x = UInt32(truncatingIfNeeded: index) &+ offset
      x ^= x >> 16
      x = x &* 0x7FEB_352D
      x ^= x >> 15
      x = x &* 0x846C_A68B
      x ^= x >> 16
      return Float(2 * Int32(x >> 9) + 1 - (1 << 23)) / Float(1 << 23)
    }
  }

  /// The convolutions under torchvision's names, then the heads under those of the package `lpips`.
  package static func tensors(_ network: String) -> [TensorToWrite] {
    guard let backbone = LPIPSBackbone(rawValue: network) else { preconditionFailure("no network \(network)") }
    var stream = 0
    func take(_ name: String, _ shape: [Int], _ change: (Float) -> Float) -> TensorToWrite {
      stream += 1
      return TensorToWrite(
        name: name, shape: shape, floats: values(stream: stream, count: shape.reduce(1, *)).map(change))
    }
    let convolutions = backbone.tensors.map { name, shape in
      // About the gain of 1 that ReLU needs, in powers of two.
      let fanIn = shape.dropFirst().reduce(1, *)
      let scale = shape.count == 1 ? 0.0625 : 2 / Float(1 << ((Int.bitWidth - fanIn.leadingZeroBitCount) / 2))
      return take("features.\(name)", shape) { $0 * scale }
    }
    let heads = backbone.channels.enumerated().map { index, channels in
      take("lin\(index).model.1.weight", [1, channels, 1, 1]) { Float(max(0, max(-1.0 / 3, Double($0)) + 1.0 / 3)) }
    }
    return convolutions + heads
  }

  /// Two pairs.
  package static func images(_ shape: Shape) -> (first: Tensor, second: Tensor) {
    let all = shape.prepending(pairs)
    let (first, other) = (values(stream: 1001, count: all.count), values(stream: 1002, count: all.count))
    return (
      Tensor(shape: all, scalars: first), Tensor(shape: all, scalars: zip(first, other).map { 0.5 * $0 + 0.5 * $1 })
    )
  }
}

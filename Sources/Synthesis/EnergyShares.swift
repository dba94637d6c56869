import BenchCore
import Tensor

extension SignalMask {
  /// The share of each map's energy (sum of squares) on the pixels that carry the image's label; NaN where the map is zero.
  /// - Parameter maps: `[N, C, H, W]`, of the mask's images.
  func energyShares(of maps: Tensor) -> [Double] {
    precondition(count == maps.batch, "one mask an image")
    return (0..<maps.batch).map { image in
      let energies = maps.item(image).map { Double($0) * Double($0) }
      let all = energies.reduce(0, +)
      return all > 0 ? zip(energies, self[image]).reduce(0) { $1.1 ? $0 + $1.0 : $0 } / all : .nan
    }
  }
}

extension Tensor {
  var squared: Tensor { Tensor(shape: shape, scalars: scalars.map { $0 * $0 }) }
}

import BenchCore
import Tensor

extension SignalMask {
  /// Those of some of the images, in this order.
  package func items(_ places: [Int]) -> SignalMask { SignalMask(ofImages: places.map { self[$0] }) }

  /// The share of each map's energy (sum of squares) on the pixels that carry the image's label; NaN where the map is zero.
  /// - Parameter maps: `[N, C, H, W]`, of the mask's images.
  package func energyShares(of maps: Tensor) -> [Double] {
    zip(lengths(of: maps, on: true), lengths(of: maps, on: false)).map { signal, others in
      let all = signal * signal + others * others
      return all > 0 ? signal * signal / all : .nan
    }
  }

  /// The L2 norm of each map's part on the pixels that carry the label, or on the others.
  func lengths(of maps: Tensor, on signal: Bool) -> [Double] {
    precondition(count == maps.batch, "one mask an image")
    return (0..<maps.batch).map { image in
      zip(maps.item(image), self[image]).reduce(0.0) { sum, pixel in
        pixel.1 == signal ? sum + Double(pixel.0) * Double(pixel.0) : sum
      }.squareRoot()
    }
  }
}

extension Tensor {
  var squared: Tensor { Tensor(shape: shape, scalars: scalars.map { $0 * $0 }) }
}
